namespace FirstCome.AllInOne;

/// <summary>Makes a service of its command line and of a callback that registers its engines.</summary>
internal delegate WebApplication CreateService(string[] args, Action<WebApplicationBuilder> engines);

/// <summary>A service and its place behind the gateway's port.</summary>
/// <param name="Name">The registry's name.</param>
/// <param name="Project">The project's name, which is its program's too.</param>
internal sealed record ServiceEntry(string Name, string Project, int PortOffset, CreateService Create);

/// <summary>Every service of the system, in the order of its ports.</summary>
internal static class ServiceCatalog
{
    public const int Count = 9;

    public static readonly ServiceEntry Gateway = new("gateway", "Gateway", 0, FirstCome.Gateway.Program.Create);
    public static readonly ServiceEntry DiscoveryServer = new("discovery-server", "DiscoveryServer", 1, FirstCome.DiscoveryServer.Program.Create);
    public static readonly ServiceEntry ConfigServer = new("configserver", "ConfigServer", 2, FirstCome.ConfigServer.Program.Create);
    public static readonly ServiceEntry UserService = new("user-service", "UserService", 3, FirstCome.UserService.Program.Create);
    public static readonly ServiceEntry CouponService = new("coupon-service", "CouponService", 4, FirstCome.CouponService.Program.Create);
    public static readonly ServiceEntry IssueService = new("issue-service", "IssueService", 5, FirstCome.IssueService.Program.Create);
    public static readonly ServiceEntry IssueWorker = new("issue-worker", "IssueWorker", 6, FirstCome.IssueWorker.Program.Create);
    public static readonly ServiceEntry CacheService = new("cache-service", "CacheService", 7, FirstCome.CacheService.Program.Create);
    public static readonly ServiceEntry Web = new("web", "Web", 8, FirstCome.Web.Program.Create);

    public static readonly IReadOnlyList<ServiceEntry> All = [Gateway, DiscoveryServer, ConfigServer, UserService, CouponService, IssueService, IssueWorker, CacheService, Web];
}
