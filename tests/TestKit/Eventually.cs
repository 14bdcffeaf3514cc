using System.Diagnostics;

namespace FirstCome.TestKit;

/// <summary>Waits for a condition, with a limit, by asking again and again.</summary>
public static class Eventually
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns as soon as <paramref name="condition"/> holds; fails the test when it does not within <paramref name="limit"/>.</summary>
    /// <param name="what">Ends the sentence "Did not happen within …: ".</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, string what)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > limit) { throw new TimeoutException($"Did not happen within {limit}: {what}"); }
            await Task.Delay(s_interval);
        }
    }

    /// <inheritdoc cref="TrueAsync(Func{Task{bool}}, TimeSpan, string)"/>
    public static Task TrueAsync(Func<bool> condition, TimeSpan limit, string what) =>
        TrueAsync(() => Task.FromResult(condition()), limit, what);
}
