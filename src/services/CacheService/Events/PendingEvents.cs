using FirstCome.Contracts.Claims;
using FirstCome.ServiceDefaults;

namespace FirstCome.CacheService.Events;

/// <summary>
/// What one watcher has still to be sent. Of state and counts the newest one wins and of each claim the one that went furthest, so a slow reader holds no more than a
/// fast one, and misses what is out of date by then. Claims are sent at most once a second. Safe from any thread.
/// </summary>
internal sealed class PendingEvents(TimeSpan betweenClaims)
{
    public const string StateKind = "state", CountsKind = "counts", ClaimKind = "claim";

    private readonly Lock _lock = new();
    private EventFrame? _state, _counts;
    private SortedDictionary<int, (Claim Claim, bool Sent)>? _claims;
    private DateTimeOffset _claimsNotBefore = DateTimeOffset.MinValue;

    public void OfferState(EventFrame frame)
    {
        lock (_lock) { _state = frame; }
    }

    public void OfferCounts(EventFrame frame)
    {
        lock (_lock) { _counts = frame; }
    }

    /// <summary>False where the claim is no news. A claim goes from accepted over under review to issued or rejected, whatever order it is heard in.</summary>
    public bool OfferClaim(Claim claim)
    {
        lock (_lock)
        {
            _claims ??= [];
            if (_claims.TryGetValue(claim.Nth, out var known) && (known.Claim == claim || Progress(claim.State) < Progress(known.Claim.State))) { return false; }
            _claims[claim.Nth] = (claim, false);
            return true;
        }
    }

    /// <summary>Whether <see cref="Take"/> has something to give at this moment.</summary>
    public bool Any(DateTimeOffset now)
    {
        lock (_lock) { return _state is not null || _counts is not null || (now >= _claimsNotBefore && _claims is not null && _claims.Values.Any(claim => !claim.Sent)); }
    }

    /// <summary>Moves what is due to <paramref name="frames"/>: state, then counts, then claims in their order.</summary>
    public void Take(DateTimeOffset now, List<(string Kind, EventFrame Frame)> frames)
    {
        lock (_lock)
        {
            if (_state is not null) { frames.Add((StateKind, _state)); }
            if (_counts is not null) { frames.Add((CountsKind, _counts)); }
            (_state, _counts) = (null, null);
            if (_claims is null || now < _claimsNotBefore) { return; }
            foreach (var (nth, (claim, sent)) in _claims.ToArray())
            {
                if (sent) { continue; }
                frames.Add((ClaimKind, EventFrame.Of(ClaimKind, now, claim, ApiJson.Options)));
                _claims[nth] = (claim, true);
                _claimsNotBefore = now + betweenClaims;
            }
        }
    }

    private static int Progress(ClaimState state) => state switch
    {
        ClaimState.Accepted => 0,
        ClaimState.UnderReview => 1,
        _ => 2,
    };
}
