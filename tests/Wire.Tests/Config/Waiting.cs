using Xunit;

namespace FirstCome.WireTests.Config;

internal static class Waiting
{
    /// <summary>Ends when the condition holds; the test fails after 30 seconds.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await holds())
            await Task.Delay(20, limit.Token);
    }
}
