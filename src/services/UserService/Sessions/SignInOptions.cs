using System.Net;
using FirstCome.ServiceDefaults;

namespace FirstCome.UserService.Sessions;

/// <summary>Section <c>SignIn</c>: sessions, and what stands against guessing.</summary>
public sealed class SignInOptions : ICheckedOptions
{
    /// <summary>How long a refresh token is good for, 1 minute to 90 days; each refresh begins anew. Default 14 days.</summary>
    public TimeSpan RefreshLifetime { get; set; } = TimeSpan.FromDays(14);

    /// <summary>
    /// How many sessions a member may have at once, 1 to 1,000; a further sign-in ends the one that was refreshed the longest ago. Default 50.
    /// </summary>
    public int SessionsMax { get; set; } = 50;

    /// <summary>After how many failures within <see cref="FailuresWindow"/> an account's sign-ins must wait, 2 to 100. Default 10.</summary>
    public int FailuresMax { get; set; } = 10;

    /// <summary>The window of an account's failures, 1 minute to 1 day. Default 15 minutes.</summary>
    public TimeSpan FailuresWindow { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The first wait, 1 s to <see cref="WaitMax"/>; each further failure doubles it. Default 30 s.</summary>
    public TimeSpan WaitMin { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait, up to 1 day. Default 15 minutes.</summary>
    public TimeSpan WaitMax { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How many failures one address may have within <see cref="FailuresWindow"/>, whatever the accounts, 1 to 100,000. Default 100: a carrier puts thousands
    /// of people behind one address. Each instance counts for itself.
    /// </summary>
    public int AddressFailuresMax { get; set; } = 100;

    /// <summary>How long a one-time code for a new password is good for, 1 minute to 7 days. Default 1 hour.</summary>
    public TimeSpan ResetCodeLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Addresses or networks (<c>10.0.0.0/8</c>) whose <c>X-Forwarded-For</c> is believed, besides the loopback. Default: none.</summary>
    public IList<string> TrustedProxies { get; } = [];

    public IEnumerable<string> Check()
    {
        if (Outside(RefreshLifetime, TimeSpan.FromMinutes(1), TimeSpan.FromDays(90)))
        {
            yield return $"SignIn:RefreshLifetime must be between 00:01:00 and 90.00:00:00, but is {RefreshLifetime}.";
        }
        if (SessionsMax is < 1 or > 1_000) { yield return $"SignIn:SessionsMax must be between 1 and 1000, but is {SessionsMax}."; }
        if (FailuresMax is < 2 or > 100) { yield return $"SignIn:FailuresMax must be between 2 and 100, but is {FailuresMax}."; }
        if (Outside(FailuresWindow, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1)))
        {
            yield return $"SignIn:FailuresWindow must be between 00:01:00 and 1.00:00:00, but is {FailuresWindow}.";
        }
        if (Outside(WaitMax, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)))
        {
            yield return $"SignIn:WaitMax must be between 00:00:01 and 1.00:00:00, but is {WaitMax}.";
        }
        if (Outside(WaitMin, TimeSpan.FromSeconds(1), WaitMax))
        {
            yield return $"SignIn:WaitMin must be between 00:00:01 and SignIn:WaitMax, but is {WaitMin}.";
        }
        if (AddressFailuresMax is < 1 or > 100_000) { yield return $"SignIn:AddressFailuresMax must be between 1 and 100000, but is {AddressFailuresMax}."; }
        if (Outside(ResetCodeLifetime, TimeSpan.FromMinutes(1), TimeSpan.FromDays(7)))
        {
            yield return $"SignIn:ResetCodeLifetime must be between 00:01:00 and 7.00:00:00, but is {ResetCodeLifetime}.";
        }
        foreach (var proxy in TrustedProxies)
        {
            if (!IPAddress.TryParse(proxy, out _) && !IPNetwork.TryParse(proxy, out _))
            {
                yield return $"SignIn:TrustedProxies must be addresses or networks such as 10.0.0.0/8, but one is \"{proxy}\".";
            }
        }
    }

    private static bool Outside(TimeSpan value, TimeSpan minimum, TimeSpan maximum) => value < minimum || value > maximum;
}
