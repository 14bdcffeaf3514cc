using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns;

/// <summary>What the rules say to a change that an operator asks for.</summary>
internal abstract record Decision
{
    private Decision() { }

    /// <summary>It may be done; <paramref name="After"/> is the campaign with it, still with the version it had.</summary>
    internal sealed record Change(Campaign After) : Decision;

    /// <summary>It changes nothing.</summary>
    internal sealed record Nothing : Decision;

    /// <summary>The request is wrong in itself.</summary>
    internal sealed record Invalid(FieldErrors Errors) : Decision;

    /// <summary>The campaign's state does not allow it: 409 <c>illegal-transition</c>.</summary>
    /// <param name="From">The state the campaign is in.</param>
    /// <param name="To">The state that was asked for; null for a change of fields.</param>
    /// <param name="Fixed">The fields that cannot change any more.</param>
    internal sealed record Illegal(CampaignState From, CampaignState? To, string Detail, IReadOnlyList<string>? Fixed = null) : Decision
    {
        /// <summary>The answer: <c>from</c>, and <c>to</c> or <c>fixed</c>, stand beside the detail.</summary>
        public IResult ToResult()
        {
            var extensions = new Dictionary<string, object?> { ["from"] = From };
            if (To is { } to) { extensions["to"] = to; }
            if (Fixed is { } fixedFields) { extensions["fixed"] = fixedFields; }
            return Problems.Result(ProblemTypes.IllegalTransition, Detail, extensions);
        }
    }
}
