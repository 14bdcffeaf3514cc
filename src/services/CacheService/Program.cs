using FirstCome.Authentication;
using FirstCome.CacheService.Campaigns;
using FirstCome.CacheService.Counts;
using FirstCome.CacheService.Events;
using FirstCome.CacheService.Metrics;
using FirstCome.CacheService.Operations;
using FirstCome.CacheService.Sources;
using FirstCome.Engines.Log;
using FirstCome.Engines.Redis;
using FirstCome.ServiceDefaults;

namespace FirstCome.CacheService;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        engines?.Invoke(builder);
        builder.AddServiceDefaults("cache-service");
        builder.AddEventLog();
        builder.AddRedis();
        builder.AddTokenAuthentication();
        AddSources(builder.Services);
        AddCampaigns(builder.Services);
        AddEvents(builder.Services);
        AddOperations(builder.Services);

        var app = builder.Build();
        app.MapServiceDefaults();
        app.UseTokenAuthentication();
        MapCampaigns(app.MapGroup("/api/campaigns").WithTags("Campaigns"));
        MapOperations(app.MapGroup("/api/operations").WithTags("Operations"));
        return app;
    }

    private static void AddSources(IServiceCollection services)
    {
        services.AddCheckedOptions<CacheOptions>("Cache");
        services.AddServiceClient(CouponServiceSource.Service);
        services.AddServiceClient(IssueServiceSource.Service);
        services.AddHealthSignal<CouponServiceHealth>();
        services.AddHealthSignal<IssueServiceHealth>();
        services.AddHealthSignal<RedisHealth>();
        services.AddHealthSignal<LogHealth>();
        services.AddSingleton<CacheMetrics>();
        services.AddSingleton<CouponServiceSource>();
        services.AddSingleton<IssueServiceSource>();
    }

    private static void AddCampaigns(IServiceCollection services)
    {
        services.AddSingleton<CampaignsInRedis>();
        services.AddSingleton<CampaignCache>();
        services.AddSingleton<CampaignLists>();
        services.AddSingleton<LiveCounts>();
        services.AddHostedService<FollowCampaignChanges>();
    }

    private static void AddEvents(IServiceCollection services)
    {
        services.AddCheckedOptions<EventOptions>("Events");
        services.AddSingleton<StreamCount>();
        services.AddSingleton<FeedSources>();
        services.AddSingleton<Feeds>();
        services.AddSingleton<EventStreams>();
        services.AddHostedService<FollowIssuedCoupons>();
        services.AddHostedService<FollowReviewedClaims>();
    }

    private static void AddOperations(IServiceCollection services)
    {
        Instances.AddClient(services);
        services.AddSingleton<Instances>();
        services.AddSingleton<ListServices>();
        services.AddSingleton(new SeriesHistory(seriesMax: 500));
        services.AddHostedService<MetricsSampler>();
    }

    private static void MapCampaigns(RouteGroupBuilder campaigns)
    {
        campaigns.MapListCampaigns();
        campaigns.MapGetCampaign();
        campaigns.MapGetCounts();
        campaigns.MapWatchCampaign();
    }

    private static void MapOperations(RouteGroupBuilder operations)
    {
        ListServices.Map(operations);
        ReadMetrics.Map(operations);
    }
}
