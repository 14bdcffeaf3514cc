using Microsoft.AspNetCore.Components;

namespace FirstCome.Web.Console.Parts;

/// <summary>A page that keeps looking for as long as it is open. What breaks the looking breaks the page, where it is told: never a page that stands still and seems to be of now.</summary>
public abstract class FollowingPage : LeavablePage
{
    /// <param name="every">From one look to the next.</param>
    protected FollowingPage(TimeSpan every) => Every = every;

    [Inject]
    protected TimeProvider Time { get; private set; } = default!;

    private TimeSpan Every { get; }

    /// <summary>One look, the first as the page opens.</summary>
    /// <returns>Whether to look again.</returns>
    protected abstract Task<bool> LookAsync();

    protected override void OnInitialized() => _ = InvokeAsync(FollowAsync);

    private async Task FollowAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(Every, Time);
            bool again;
            do
            {
                again = await LookAsync();
                StateHasChanged();
            }
            while (again && await timer.WaitForNextTickAsync(Left));
        }
        catch (OperationCanceledException) when (Left.IsCancellationRequested) { return; }
        catch (Exception exception) { await DispatchExceptionAsync(exception); }
    }
}
