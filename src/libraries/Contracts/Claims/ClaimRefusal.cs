namespace FirstCome.Contracts.Claims;

/// <summary>Why a claim is refused, in the order of precedence: of several that hold, the first is told. A claim already held comes before all but the first two.</summary>
public enum ClaimRefusal
{
    /// <summary>401: no valid token.</summary>
    Unauthorized = 1,
    /// <summary>404: no such campaign, or a draft, or a rehearsal of others.</summary>
    CampaignUnknown,
    /// <summary>409: the window has not begun; carries <c>opensAt</c>.</summary>
    NotOpenYet,
    /// <summary>409: the window has ended, an operator closed it, or it is archived.</summary>
    Closed,
    /// <summary>409: an operator paused it.</summary>
    Paused,
    /// <summary>403: a condition does not hold; carries <c>conditions</c> (kind and why).</summary>
    NotEligible,
    /// <summary>409: the member holds as many as one may.</summary>
    LimitReached,
    /// <summary>409: every place is taken by an accepted claim.</summary>
    SoldOut,
    /// <summary>503: the gate was lost and is being rebuilt.</summary>
    Recovering,
    /// <summary>503: an engine is away, or no certain answer came in time.</summary>
    Unavailable,
}
