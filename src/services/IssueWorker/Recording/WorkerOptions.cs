using FirstCome.ServiceDefaults;

namespace FirstCome.IssueWorker.Recording;

/// <summary>Section <c>Worker</c>: the bounds of the way from log to ledger.</summary>
public sealed class WorkerOptions : ICheckedOptions
{
    /// <summary>How many records go into one transaction; default 2,000, 1 to 10,000.</summary>
    public int BatchMax { get; set; } = 2_000;

    /// <summary>How long a record beyond the limit is waited with, for an operator's raise that is on its way, before it becomes a dead letter; default 10 s, 0 to 10 min.</summary>
    public TimeSpan LimitPatience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause after a failure of the database or the log; default 2 s, 100 ms to 1 min.</summary>
    public TimeSpan BackoffMax { get; set; } = TimeSpan.FromSeconds(2);

    public IEnumerable<string> Check()
    {
        if (BatchMax is < 1 or > 10_000) { yield return $"Worker:BatchMax must be between 1 and 10000, but is {BatchMax}."; }
        if (LimitPatience < TimeSpan.Zero || LimitPatience > TimeSpan.FromMinutes(10)) { yield return $"Worker:LimitPatience must be between 00:00:00 and 00:10:00, but is {LimitPatience}."; }
        if (BackoffMax < TimeSpan.FromMilliseconds(100) || BackoffMax > TimeSpan.FromMinutes(1)) { yield return $"Worker:BackoffMax must be between 00:00:00.1 and 00:01:00, but is {BackoffMax}."; }
    }
}
