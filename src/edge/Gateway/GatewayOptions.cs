using System.Net;
using FirstCome.ServiceDefaults;

namespace FirstCome.Gateway;

/// <summary>Section <c>Gateway</c>.</summary>
internal sealed class GatewayOptions : ICheckedOptions
{
    /// <summary>Addresses or networks (<c>10.0.0.0/8</c>) of proxies whose <c>X-Forwarded-For</c> and <c>-Proto</c> count. Default: none.</summary>
    public IList<string> TrustedProxies { get; } = [];

    /// <summary>
    /// Whether a caller's trace goes on here: his <c>traceparent</c> decides whether the request is traced, and <c>tracestate</c> and <c>baggage</c> travel with it. Only where nobody but a trusted proxy reaches the gateway.
    /// Default: false, each request begins a trace of its own.
    /// </summary>
    public bool TrustIncomingTrace { get; set; }

    /// <summary>Origins whose pages may call the API, for instance <c>https://shop.example</c>. Default: none.</summary>
    public IList<string> CorsOrigins { get; } = [];

    /// <summary>Requests a second for each member with a valid token, 0.1 to 100,000. Default: 20.</summary>
    public double MemberRate { get; set; } = 20;

    /// <summary>Requests a member may send at once, 1 to 100,000. Default: 40.</summary>
    public int MemberBurst { get; set; } = 40;

    /// <summary>Requests a second for each address without a valid token, 0.1 to 1,000,000. IPv6 counts by /64. Default: 100.</summary>
    public double AddressRate { get; set; } = 100;

    /// <summary>Requests an address may send at once without a valid token, 1 to 1,000,000. Default: 200.</summary>
    public int AddressBurst { get; set; } = 200;

    /// <summary>Requests a second for each address for the pages, their files and the clock, 0.1 to 1,000,000. One page that is opened for the first time asks for about 25. Default: 2,500.</summary>
    public double PageRate { get; set; } = 2_500;

    /// <summary>Requests for pages, their files and the clock that an address may send at once, 1 to 1,000,000. Default: 10,000, a class or an office that opens the page together.</summary>
    public int PageBurst { get; set; } = 10_000;

    /// <summary>Failed sign-ins a minute for each address, 1 to 100,000. Default: 30.</summary>
    public double SignInFailureRate { get; set; } = 30;

    /// <summary>Failed sign-ins an address may have at once, 1 to 100,000. Default: 20.</summary>
    public int SignInFailureBurst { get; set; } = 20;

    /// <summary>Members, and addresses, whose rate is remembered at a time, 1,000 to 10,000,000. Default: 400,000.</summary>
    public int RatesMax { get; set; } = 400_000;

    /// <summary>How long a claim, or the question for one, may take, 100 ms to 1 min. Default: 2 s, so that the caller hears within 3 from a busy machine too; IssueService itself answers within 1.8 s.</summary>
    public TimeSpan ClaimTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long any other request may go without a byte in either direction, 100 ms to 10 min. Default: 30 s.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stream of events may last before its client connects anew, 1 s to 1 day. Default: 1 h.</summary>
    public TimeSpan StreamTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Connections from callers at a time, 100 to 1,000,000. Default: 20,000.</summary>
    public int ConnectionsMax { get; set; } = 20_000;

    /// <summary>Services that must be registered and healthy before <c>/health</c> is 200 for the first time. Empty entries are ignored. Default: all the others.</summary>
    public string RequiredServices { get; set; } = "configserver,user-service,coupon-service,issue-service,issue-worker,cache-service,web";

    public IEnumerable<string> Check()
    {
        foreach (var proxy in TrustedProxies)
        {
            if (!IPNetwork.TryParse(proxy, out _) && !IPAddress.TryParse(proxy, out _)) { yield return $"Gateway:TrustedProxies must hold addresses or networks such as 10.0.0.0/8, but one is \"{proxy}\"."; }
        }
        foreach (var origin in CorsOrigins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.GetLeftPart(UriPartial.Authority) != origin)
            {
                yield return $"Gateway:CorsOrigins must hold origins such as https://shop.example, without a path, but one is \"{origin}\".";
            }
        }
        if (!(MemberRate is >= 0.1 and <= 100_000)) { yield return $"Gateway:MemberRate must be between 0.1 and 100000 a second, but is {MemberRate}."; }
        if (MemberBurst is < 1 or > 100_000) { yield return $"Gateway:MemberBurst must be between 1 and 100000, but is {MemberBurst}."; }
        if (!(AddressRate is >= 0.1 and <= 1_000_000)) { yield return $"Gateway:AddressRate must be between 0.1 and 1000000 a second, but is {AddressRate}."; }
        if (AddressBurst is < 1 or > 1_000_000) { yield return $"Gateway:AddressBurst must be between 1 and 1000000, but is {AddressBurst}."; }
        if (!(PageRate is >= 0.1 and <= 1_000_000)) { yield return $"Gateway:PageRate must be between 0.1 and 1000000 a second, but is {PageRate}."; }
        if (PageBurst is < 1 or > 1_000_000) { yield return $"Gateway:PageBurst must be between 1 and 1000000, but is {PageBurst}."; }
        if (!(SignInFailureRate is >= 1 and <= 100_000)) { yield return $"Gateway:SignInFailureRate must be between 1 and 100000 a minute, but is {SignInFailureRate}."; }
        if (SignInFailureBurst is < 1 or > 100_000) { yield return $"Gateway:SignInFailureBurst must be between 1 and 100000, but is {SignInFailureBurst}."; }
        if (RatesMax is < 1_000 or > 10_000_000) { yield return $"Gateway:RatesMax must be between 1000 and 10000000, but is {RatesMax}."; }
        if (ClaimTimeout < TimeSpan.FromMilliseconds(100) || ClaimTimeout > TimeSpan.FromMinutes(1)) { yield return $"Gateway:ClaimTimeout must be between 00:00:00.1 and 00:01:00, but is {ClaimTimeout}."; }
        if (IdleTimeout < TimeSpan.FromMilliseconds(100) || IdleTimeout > TimeSpan.FromMinutes(10)) { yield return $"Gateway:IdleTimeout must be between 00:00:00.1 and 00:10:00, but is {IdleTimeout}."; }
        if (StreamTimeout < TimeSpan.FromSeconds(1) || StreamTimeout > TimeSpan.FromDays(1)) { yield return $"Gateway:StreamTimeout must be between 00:00:01 and 1.00:00:00, but is {StreamTimeout}."; }
        if (ConnectionsMax is < 100 or > 1_000_000) { yield return $"Gateway:ConnectionsMax must be between 100 and 1000000, but is {ConnectionsMax}."; }
    }
}
