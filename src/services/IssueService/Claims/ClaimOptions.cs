using FirstCome.ServiceDefaults;

namespace FirstCome.IssueService.Claims;

/// <summary>Section <c>Issue</c>: the bounds of the claim's way.</summary>
public sealed class ClaimOptions : ICheckedOptions
{
    /// <summary>How long a claim may wait for a certain answer before it is told 503; default 1.8 s, 100 ms to 30 s.</summary>
    public TimeSpan ClaimTimeout { get; set; } = TimeSpan.FromSeconds(1.8);

    /// <summary>How long one batch may wait for the log's acknowledgement; default 1.6 s, 100 ms to 30 s.</summary>
    public TimeSpan LogTimeout { get; set; } = TimeSpan.FromSeconds(1.6);

    /// <summary>How many claims of one campaign may wait at this instance; more are told 503 at once. Default 20,000; 100 to 1,000,000.</summary>
    public int QueueMax { get; set; } = 20_000;

    /// <summary>How many claims go to the gate in one call; default 256, 1 to 1,000. Redis does nothing else meanwhile.</summary>
    public int GateBatchMax { get; set; } = 256;

    /// <summary>How many claims go to the log in one batch; default 512, 1 to 5,000.</summary>
    public int LogBatchMax { get; set; } = 512;

    /// <summary>How often reservations without a mark are looked for; default 1 s, 100 ms to 1 min.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How old a reservation must be before the sweep publishes it; default 2 s, 100 ms to 1 min.</summary>
    public TimeSpan SweepAge { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>After how long a rebuild that another instance began is taken over; default 15 s, 1 s to 10 min.</summary>
    public TimeSpan RebuildTakeover { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often marked claims that the ledger lacks are looked for; default 30 s, 1 s to 1 h.</summary>
    public TimeSpan MissingInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a campaign's gate, ledger and coupons are compared while it runs and an hour longer, then daily; default 5 min, 1 s to 1 d.</summary>
    public TimeSpan ReconciliationInterval { get; set; } = TimeSpan.FromMinutes(5);

    public IEnumerable<string> Check()
    {
        if (ClaimTimeout < TimeSpan.FromMilliseconds(100) || ClaimTimeout > TimeSpan.FromSeconds(30)) { yield return $"Issue:ClaimTimeout must be between 00:00:00.1 and 00:00:30, but is {ClaimTimeout}."; }
        if (LogTimeout < TimeSpan.FromMilliseconds(100) || LogTimeout > TimeSpan.FromSeconds(30)) { yield return $"Issue:LogTimeout must be between 00:00:00.1 and 00:00:30, but is {LogTimeout}."; }
        if (QueueMax is < 100 or > 1_000_000) { yield return $"Issue:QueueMax must be between 100 and 1000000, but is {QueueMax}."; }
        if (GateBatchMax is < 1 or > 1_000) { yield return $"Issue:GateBatchMax must be between 1 and 1000, but is {GateBatchMax}."; }
        if (LogBatchMax is < 1 or > 5_000) { yield return $"Issue:LogBatchMax must be between 1 and 5000, but is {LogBatchMax}."; }
        if (SweepInterval < TimeSpan.FromMilliseconds(100) || SweepInterval > TimeSpan.FromMinutes(1)) { yield return $"Issue:SweepInterval must be between 00:00:00.1 and 00:01:00, but is {SweepInterval}."; }
        if (SweepAge < TimeSpan.FromMilliseconds(100) || SweepAge > TimeSpan.FromMinutes(1)) { yield return $"Issue:SweepAge must be between 00:00:00.1 and 00:01:00, but is {SweepAge}."; }
        if (MissingInterval < TimeSpan.FromSeconds(1) || MissingInterval > TimeSpan.FromHours(1)) { yield return $"Issue:MissingInterval must be between 00:00:01 and 01:00:00, but is {MissingInterval}."; }
        if (ReconciliationInterval < TimeSpan.FromSeconds(1) || ReconciliationInterval > TimeSpan.FromDays(1)) { yield return $"Issue:ReconciliationInterval must be between 00:00:01 and 1.00:00:00, but is {ReconciliationInterval}."; }
        if (RebuildTakeover < TimeSpan.FromSeconds(1) || RebuildTakeover > TimeSpan.FromMinutes(10)) { yield return $"Issue:RebuildTakeover must be between 00:00:01 and 00:10:00, but is {RebuildTakeover}."; }
    }
}
