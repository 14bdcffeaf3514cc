namespace FirstCome.Gateway.Routing;

/// <summary>How long a request may take.</summary>
internal enum RouteTime
{
    /// <summary>As long as bytes move, with at most <see cref="GatewayOptions.IdleTimeout"/> between them.</summary>
    Idle,
    /// <summary>A claim, or the question for one: <see cref="GatewayOptions.ClaimTimeout"/>.</summary>
    Claim,
    /// <summary>A stream of events: <see cref="GatewayOptions.StreamTimeout"/> in all.</summary>
    Stream,
}

/// <summary>Which service answers a path.</summary>
/// <param name="Service">The registry's name.</param>
/// <param name="Methods">HTTP methods; empty: all.</param>
/// <param name="Pattern">As ASP.NET Core's routing reads it.</param>
internal sealed record ServiceRoute(string Service, string[] Methods, string Pattern)
{
    /// <summary>Whether a valid token is needed; the service judges roles.</summary>
    public bool NeedsToken { get; init; } = true;

    public RouteTime Time { get; init; }

    /// <summary>Bytes of a body; null: the server's limit.</summary>
    public long? BodyBytesMax { get; init; }

    /// <summary>Whether a 401 answer is a failed sign-in.</summary>
    public bool SignsIn { get; init; }

    /// <summary>Whether the service is told from where a request comes: UserService counts failed sign-ins by address, Web makes links.</summary>
    public bool TellsCaller { get; } = Service is RouteTable.Users or RouteTable.Web;

    /// <summary>Whether it is a members' page or one of its files.</summary>
    public bool IsPage { get; init; }

    /// <summary>Whether a caller stays with one instance, by a cookie.</summary>
    public bool IsSticky { get; init; }
}

/// <summary>Every path that the gateway hands on. What stands in none of them is 404, <c>/internal</c> always.</summary>
internal static class RouteTable
{
    public const string Users = "user-service", Coupons = "coupon-service", Issue = "issue-service", Cache = "cache-service", Web = "web";
    private static readonly string[] s_any = [];
    private static readonly string[] s_get = ["GET", "HEAD"];
    private static readonly string[] s_post = ["POST"];

    public static readonly IReadOnlyList<ServiceRoute> All =
    [
        new(Issue, s_post, "/api/campaigns/{id}/claims") { Time = RouteTime.Claim },
        new(Issue, s_get, "/api/campaigns/{id}/claims"),
        new(Issue, s_get, "/api/campaigns/{id}/claims/me") { Time = RouteTime.Claim },
        new(Issue, s_any, "/api/campaigns/{id}/claims/{**rest}"),
        new(Issue, s_get, "/api/campaigns/{id}/gaps"),
        new(Issue, s_any, "/api/operations/dead-letters/{**rest}"),
        new(Issue, s_get, "/api/operations/malformed-records"),
        new(Issue, s_any, "/api/operations/campaigns/{**rest}"),
        new(Coupons, s_get, "/api/operations/coupon-dead-letters"),

        new(Cache, s_get, "/api/campaigns") { NeedsToken = false },
        new(Cache, s_get, "/api/campaigns/{id}") { NeedsToken = false },
        new(Cache, s_get, "/api/campaigns/{id}/counts") { NeedsToken = false },
        new(Cache, s_get, "/api/campaigns/{id}/events") { NeedsToken = false, Time = RouteTime.Stream },
        new(Cache, s_get, "/api/operations/services"),
        new(Cache, s_get, "/api/operations/metrics"),

        new(Coupons, s_post, "/api/campaigns"),
        new(Coupons, ["PATCH"], "/api/campaigns/{id}"),
        new(Coupons, s_post, "/api/campaigns/{id}/schedule"),
        new(Coupons, s_post, "/api/campaigns/{id}/pause"),
        new(Coupons, s_post, "/api/campaigns/{id}/resume"),
        new(Coupons, s_post, "/api/campaigns/{id}/close"),
        new(Coupons, s_post, "/api/campaigns/{id}/archive"),
        new(Coupons, ["PUT"], "/api/campaigns/{id}/audience/members") { BodyBytesMax = 64 * 1024 * 1024 },
        new(Coupons, s_get, "/api/campaigns/{id}/history"),
        new(Coupons, s_any, "/api/coupons/{**rest}"),
        new(Coupons, s_any, "/api/redemptions/{**rest}"),

        new(Users, s_post, "/api/users") { NeedsToken = false },
        new(Users, s_get, "/api/users"),
        new(Users, s_any, "/api/users/{**rest}"),
        new(Users, s_post, "/api/auth/sign-in") { NeedsToken = false, SignsIn = true },
        new(Users, s_post, "/api/auth/refresh") { NeedsToken = false, SignsIn = true },
        new(Users, s_post, "/api/auth/sign-out") { NeedsToken = false },
        new(Users, s_post, "/api/auth/password-reset") { NeedsToken = false, SignsIn = true },
        new(Users, s_any, "/api/auth/{**rest}"),
        new(Users, s_any, "/api/rehearsals/{**rest}"),
        new(Users, s_get, "/api/operations/members"),
        new(Users, s_get, "/.well-known/jwks.json") { NeedsToken = false },

        new(Web, s_post, "/session/sign-in") { NeedsToken = false, SignsIn = true },
        new(Web, s_post, "/session/refresh") { NeedsToken = false, SignsIn = true },
        new(Web, s_get, "/") { NeedsToken = false, IsSticky = true, IsPage = true },
        new(Web, s_get, "/campaigns/{id}") { NeedsToken = false, IsSticky = true, IsPage = true },
        new(Web, s_get, "/wallet") { NeedsToken = false, IsSticky = true, IsPage = true },
        new(Web, s_get, "/assets/{**rest}") { NeedsToken = false, IsSticky = true, IsPage = true },
        new(Web, s_any, "/{**rest}") { NeedsToken = false, IsSticky = true },
    ];
}
