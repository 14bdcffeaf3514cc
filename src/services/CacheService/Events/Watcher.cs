using System.Threading.Channels;

namespace FirstCome.CacheService.Events;

/// <summary>One open stream: what it waits for and what is due to it. Its feed and the topics wake it; its request writes.</summary>
internal sealed class Watcher
{
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly TimeSpan _heartbeatEvery;
    private long _claimsLookUpAtTicks;

    public Watcher(Guid campaign, Guid? member, DateTimeOffset? expiresAt, DateTimeOffset now, TimeSpan heartbeatEvery)
    {
        (Campaign, Member, ExpiresAt, OpenedAt, LastWrittenAt, _heartbeatEvery) = (campaign, member, expiresAt, now, now, heartbeatEvery);
        _claimsLookUpAtTicks = member is null ? long.MaxValue : now.UtcTicks;
    }

    public Guid Campaign { get; }
    public Guid? Member { get; }
    public DateTimeOffset OpenedAt { get; }

    /// <summary>When the token ends, and the stream with it.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    public PendingEvents Pending { get; } = new(TimeSpan.FromSeconds(1));

    /// <summary>Set by the request that writes, read by the feed; a torn read costs a heartbeat too many at worst.</summary>
    public DateTimeOffset LastWrittenAt { get; set; }

    /// <summary>Why the stream ended; null while it goes on.</summary>
    public string? Ended { get; private set; }

    public void Wake() => _wake.Writer.TryWrite(true);

    public void End(string reason)
    {
        Ended ??= reason;
        _wake.Writer.TryComplete();
    }

    /// <summary>Waits until there is something to do; false when the stream has ended.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        if (!await _wake.Reader.WaitToReadAsync(cancellationToken)) { return false; }
        while (_wake.Reader.TryRead(out _)) { continue; }
        return true;
    }

    /// <summary>Wakes the stream where something is due by now, and ends it with its token. The feed calls it every second.</summary>
    public void Tick(DateTimeOffset now)
    {
        if (now >= ExpiresAt) { End("token-expired"); }
        else if (IsHeartbeatDue(now) || IsClaimsLookUpDue(now) || Pending.Any(now)) { Wake(); }
    }

    public bool IsHeartbeatDue(DateTimeOffset now) => now - LastWrittenAt >= _heartbeatEvery;

    public bool IsClaimsLookUpDue(DateTimeOffset now) => now.UtcTicks >= Interlocked.Read(ref _claimsLookUpAtTicks);

    /// <summary>When the member's claims are asked for next; null: when something is heard of them.</summary>
    public void LookUpClaimsAt(DateTimeOffset? at) => Interlocked.Exchange(ref _claimsLookUpAtTicks, at?.UtcTicks ?? long.MaxValue);
}
