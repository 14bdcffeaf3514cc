using FirstCome.ServiceDefaults;

namespace FirstCome.CacheService;

/// <summary>Section <c>Cache</c>: how old an answer may be and how much is kept.</summary>
internal sealed class CacheOptions : ICheckedOptions
{
    /// <summary>How long a campaign counts as fresh without a word from CouponService, 1 s to 1 h; changes come by events much sooner. Default: 30 s.</summary>
    public TimeSpan FreshFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How old an answer may be that is given while CouponService is away, <see cref="FreshFor"/> to 1 day; also how long Redis keeps a campaign. Default: 1 h.</summary>
    public TimeSpan StaleFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a caller waits for CouponService before an older answer is good enough, 0 to 5 s. Default: 250 ms.</summary>
    public TimeSpan StaleWait { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long "there is none" and "it could not be asked" are remembered, 0 to 1 min. Default: 1 s.</summary>
    public TimeSpan NegativeFor { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a page of the list is given out without asking again, 0 to 1 min; a change of any campaign ends it at once. Default: 2 s.</summary>
    public TimeSpan ListFreshFor { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How many campaigns, and as many absent ones, are kept in memory, 1 to 1,000,000. Default: 10,000.</summary>
    public int CampaignsMax { get; set; } = 10_000;

    /// <summary>How many pages of the list are kept in memory, 1 to 100,000. Default: 500.</summary>
    public int ListsMax { get; set; } = 500;

    /// <summary>How many calls to one service are under way at once, 1 to 1,000; whoever comes on top gets 503. Default: 64.</summary>
    public int CallsMax { get; set; } = 64;

    /// <summary>How long Redis is waited for, 10 ms to 5 s, and how long it is left alone after it failed. Default: 500 ms.</summary>
    public TimeSpan RedisTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The least time between two questions for one campaign's counts, 100 ms to 1 min. Default: 1 s.</summary>
    public TimeSpan CountsEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How old counts may be that are given while IssueService is away, <see cref="CountsEvery"/> to 1 min. Default: 5 s.</summary>
    public TimeSpan CountsStaleFor { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<string> Check()
    {
        if (FreshFor < TimeSpan.FromSeconds(1) || FreshFor > TimeSpan.FromHours(1)) { yield return $"Cache:FreshFor must be between 00:00:01 and 01:00:00, but is {FreshFor}."; }
        if (StaleFor < FreshFor || StaleFor > TimeSpan.FromDays(1)) { yield return $"Cache:StaleFor must be between Cache:FreshFor ({FreshFor}) and 1.00:00:00, but is {StaleFor}."; }
        if (StaleWait < TimeSpan.Zero || StaleWait > TimeSpan.FromSeconds(5)) { yield return $"Cache:StaleWait must be between 00:00:00 and 00:00:05, but is {StaleWait}."; }
        if (NegativeFor < TimeSpan.Zero || NegativeFor > TimeSpan.FromMinutes(1)) { yield return $"Cache:NegativeFor must be between 00:00:00 and 00:01:00, but is {NegativeFor}."; }
        if (ListFreshFor < TimeSpan.Zero || ListFreshFor > TimeSpan.FromMinutes(1)) { yield return $"Cache:ListFreshFor must be between 00:00:00 and 00:01:00, but is {ListFreshFor}."; }
        if (CampaignsMax is < 1 or > 1_000_000) { yield return $"Cache:CampaignsMax must be between 1 and 1000000, but is {CampaignsMax}."; }
        if (ListsMax is < 1 or > 100_000) { yield return $"Cache:ListsMax must be between 1 and 100000, but is {ListsMax}."; }
        if (CallsMax is < 1 or > 1_000) { yield return $"Cache:CallsMax must be between 1 and 1000, but is {CallsMax}."; }
        if (RedisTimeout < TimeSpan.FromMilliseconds(10) || RedisTimeout > TimeSpan.FromSeconds(5)) { yield return $"Cache:RedisTimeout must be between 00:00:00.010 and 00:00:05, but is {RedisTimeout}."; }
        if (CountsEvery < TimeSpan.FromMilliseconds(100) || CountsEvery > TimeSpan.FromMinutes(1)) { yield return $"Cache:CountsEvery must be between 00:00:00.100 and 00:01:00, but is {CountsEvery}."; }
        if (CountsStaleFor < CountsEvery || CountsStaleFor > TimeSpan.FromMinutes(1)) { yield return $"Cache:CountsStaleFor must be between Cache:CountsEvery ({CountsEvery}) and 00:01:00, but is {CountsStaleFor}."; }
    }
}
