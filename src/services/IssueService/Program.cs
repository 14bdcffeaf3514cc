using FirstCome.Authentication;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.Engines.Redis;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Operations;
using FirstCome.IssueService.Orders;
using FirstCome.IssueService.Recovery;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;

namespace FirstCome.IssueService;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        engines?.Invoke(builder);
        builder.AddServiceDefaults("issue-service");
        builder.AddEventLog();
        builder.AddRedis();
        builder.AddTokenAuthentication();
        builder.Services.AddServiceClient("coupon-service");
        builder.AddDatabase();
        builder.Services.AddMigrations(typeof(ClaimRow).Assembly);
        AddClaims(builder.Services);

        var app = builder.Build();
        app.MapServiceDefaults();
        app.UseTokenAuthentication();
        var between = app.MapInternal();
        SubmitClaim.Map(app);
        MyClaims.Map(app, between);
        ListClaims.Map(app);
        FindClaims.Map(app);
        ClaimLife.Map(app);
        ListGaps.Map(app);
        DeadLetters.Map(app);
        MalformedRecords.Map(app);
        Reconciliation.Map(app);
        ReconciliationRuns.Map(app);
        OrderGate.Map(between);
        ReleasePlace.Map(between);
        ReadCounts.Map(between);
        return app;
    }

    private static void AddClaims(IServiceCollection services)
    {
        services.AddCheckedOptions<ClaimOptions>("Issue");
        services.AddSingleton<ClaimMetrics>().AddSingleton<CampaignDirectory>().AddSingleton<LedgerClaims>().AddSingleton<RebuildGate>();
        services.AddSingleton<ReleasePlace>().AddSingleton<DeadLetters>().AddSingleton<CompareClaims>().AddSingleton<Reconciliation>().AddSingleton<ReconciliationRuns>();
        services.AddHealthSignal<GateRecovery>();
        services.AddHostedService(provider => provider.GetRequiredService<GateRecovery>());
        services.AddHostedService<CampaignEvents>();
        services.AddHostedService<SweepUnlogged>();
        services.AddHostedService<SweepMissing>();
        services.AddHostedService<ReconcileOnSchedule>();
    }
}
