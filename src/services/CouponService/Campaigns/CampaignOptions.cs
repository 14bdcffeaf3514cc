using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns;

/// <summary>Section <c>Campaigns</c>.</summary>
internal sealed class CampaignOptions : ICheckedOptions
{
    /// <summary>How often changes that wait for the gate, and changes that were not published, are looked for; 10 ms to 1 minute. Default: 1 s.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>For how long an order to the gate counts as under way; longer than a call to another service may take, 6 s to 5 minutes. Default: 15 s.</summary>
    public TimeSpan GateLease { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest time between two orders to a gate that does not answer; 1 s to 10 minutes. It begins with half a second and doubles. Default: 30 s.</summary>
    public TimeSpan GateRetryMax { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long a request waits for another change of the same campaign before it answers 503; 0 to 30 s. Default: 3 s.</summary>
    public TimeSpan ChangeWait { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How many lists of members may be uploaded at the same time; 1 to 16. Each takes up to 100 MB of memory. Default: 2.</summary>
    public int UploadsMax { get; set; } = 2;

    /// <summary>For how long a list that is no longer used is kept for those who are reading it; 1 minute to 7 days. Default: 1 hour.</summary>
    public TimeSpan UnusedListRetention { get; set; } = TimeSpan.FromHours(1);

    public IEnumerable<string> Check()
    {
        if (SweepInterval < TimeSpan.FromMilliseconds(10) || SweepInterval > TimeSpan.FromMinutes(1)) { yield return $"Campaigns:SweepInterval must be between 00:00:00.010 and 00:01:00, but is {SweepInterval}."; }
        if (GateLease < TimeSpan.FromSeconds(6) || GateLease > TimeSpan.FromMinutes(5)) { yield return $"Campaigns:GateLease must be between 00:00:06 and 00:05:00, but is {GateLease}."; }
        if (GateRetryMax < TimeSpan.FromSeconds(1) || GateRetryMax > TimeSpan.FromMinutes(10)) { yield return $"Campaigns:GateRetryMax must be between 00:00:01 and 00:10:00, but is {GateRetryMax}."; }
        if (ChangeWait < TimeSpan.Zero || ChangeWait > TimeSpan.FromSeconds(30)) { yield return $"Campaigns:ChangeWait must be between 00:00:00 and 00:00:30, but is {ChangeWait}."; }
        if (UploadsMax is < 1 or > 16) { yield return $"Campaigns:UploadsMax must be between 1 and 16, but is {UploadsMax}."; }
        if (UnusedListRetention < TimeSpan.FromMinutes(1) || UnusedListRetention > TimeSpan.FromDays(7)) { yield return $"Campaigns:UnusedListRetention must be between 00:01:00 and 7.00:00:00, but is {UnusedListRetention}."; }
    }
}
