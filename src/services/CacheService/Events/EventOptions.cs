using FirstCome.ServiceDefaults;

namespace FirstCome.CacheService.Events;

/// <summary>Section <c>Events</c>: limits of the event streams.</summary>
internal sealed class EventOptions : ICheckedOptions
{
    /// <summary>How many streams are open at once, 1 to 1,000,000; whoever comes on top gets 503. Each holds a connection. Default: 20,000.</summary>
    public int StreamsMax { get; set; } = 20_000;

    /// <summary>How many of them one member may have, 1 to 1,000; on top 429. Default: 10.</summary>
    public int StreamsPerMemberMax { get; set; } = 10;

    /// <summary>After how much silence a comment is sent, 1 s to 5 min. Default: 15 s.</summary>
    public TimeSpan HeartbeatEvery { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a reader may take to accept what is sent before its stream is ended, 1 s to 5 min. Default: 10 s.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long a client is told to come back when its stream ends, 100 ms to 5 min; each is told another time between this and twice this. Default: 2 s.</summary>
    public TimeSpan Retry { get; set; } = TimeSpan.FromSeconds(2);

    public IEnumerable<string> Check()
    {
        if (StreamsMax is < 1 or > 1_000_000) { yield return $"Events:StreamsMax must be between 1 and 1000000, but is {StreamsMax}."; }
        if (StreamsPerMemberMax is < 1 or > 1_000) { yield return $"Events:StreamsPerMemberMax must be between 1 and 1000, but is {StreamsPerMemberMax}."; }
        if (HeartbeatEvery < TimeSpan.FromSeconds(1) || HeartbeatEvery > TimeSpan.FromMinutes(5)) { yield return $"Events:HeartbeatEvery must be between 00:00:01 and 00:05:00, but is {HeartbeatEvery}."; }
        if (WriteTimeout < TimeSpan.FromSeconds(1) || WriteTimeout > TimeSpan.FromMinutes(5)) { yield return $"Events:WriteTimeout must be between 00:00:01 and 00:05:00, but is {WriteTimeout}."; }
        if (Retry < TimeSpan.FromMilliseconds(100) || Retry > TimeSpan.FromMinutes(5)) { yield return $"Events:Retry must be between 00:00:00.100 and 00:05:00, but is {Retry}."; }
    }
}
