using FirstCome.Rehearsal;
using FirstCome.ServiceDefaults;

namespace FirstCome.Web.Console.Rehearsals;

/// <summary>Section <c>Rehearsals</c>: what one instance of Web plays by itself. Larger crowds are for <c>./run rehearse</c> on a machine of their own.</summary>
internal sealed class RehearsalLimits : ICheckedOptions
{
    /// <summary>Synthetic members of one rehearsal at most, 1 to 100,000. Default: 20,000; a member costs some 2 KB while it lasts.</summary>
    public int MembersMax { get; set; } = 20_000;

    /// <summary>Requests at the same moment at most, 1 to 1,000. Default: 256.</summary>
    public int ConcurrencyMax { get; set; } = 256;

    /// <summary>How long a rehearsal may take in all before it is stopped, 1 minute to 1 hour. Default: 15 minutes.</summary>
    public TimeSpan TimeMax { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How many ended rehearsals are remembered, 1 to 100. Default: 10.</summary>
    public int KeptMax { get; set; } = 10;

    /// <summary>The gateway that the crowd asks, an http or https address. Default: empty, which is the one that the registry names.</summary>
    public string Gateway { get; set; } = "";

    public IEnumerable<string> Check()
    {
        if (MembersMax is < 1 or > RehearsalPlan.MembersMax) { yield return $"Rehearsals:MembersMax must be between 1 and {RehearsalPlan.MembersMax}, but is {MembersMax}."; }
        if (ConcurrencyMax is < 1 or > 1_000) { yield return $"Rehearsals:ConcurrencyMax must be between 1 and 1000, but is {ConcurrencyMax}."; }
        if (TimeMax < TimeSpan.FromMinutes(1) || TimeMax > TimeSpan.FromHours(1)) { yield return $"Rehearsals:TimeMax must be between 00:01:00 and 01:00:00, but is {TimeMax}."; }
        if (KeptMax is < 1 or > 100) { yield return $"Rehearsals:KeptMax must be between 1 and 100, but is {KeptMax}."; }
        if (Gateway.Length > 0 && !(Uri.TryCreate(Gateway, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            yield return $"Rehearsals:Gateway must be empty or an http or https address, but is {Gateway}.";
        }
    }
}
