using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Events;

/// <summary>Whether one more stream is opened.</summary>
internal enum StreamAdmission
{
    Open,
    /// <summary>All places are taken.</summary>
    Full,
    /// <summary>This member has as many as one may.</summary>
    MemberFull,
}

/// <summary>Counts open streams, in all and by member.</summary>
internal sealed class StreamCount(IOptions<EventOptions> options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _byMember = [];
    private int _open;

    public int Open => Volatile.Read(ref _open);

    public StreamAdmission TryOpen(Guid? member)
    {
        lock (_lock)
        {
            if (_open >= options.Value.StreamsMax) { return StreamAdmission.Full; }
            if (member is { } id)
            {
                var held = _byMember.GetValueOrDefault(id);
                if (held >= options.Value.StreamsPerMemberMax) { return StreamAdmission.MemberFull; }
                _byMember[id] = held + 1;
            }
            _open++;
            return StreamAdmission.Open;
        }
    }

    public void Close(Guid? member)
    {
        lock (_lock)
        {
            _open--;
            if (member is not { } id) { return; }
            if (_byMember[id] == 1) { _byMember.Remove(id); } else { _byMember[id]--; }
        }
    }
}
