using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.IssueWorker.Recording;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;

namespace FirstCome.IssueWorker;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        engines?.Invoke(builder);
        builder.AddServiceDefaults("issue-worker");
        builder.AddDatabase();
        builder.AddEventLog();
        builder.Services.AddMigrations(typeof(ClaimRow).Assembly);
        builder.Services.AddCheckedOptions<WorkerOptions>("Worker");
        builder.Services.AddSingleton<WorkerMetrics>().AddSingleton<LedgerBatch>();
        builder.Services.AddHealthSignal<RecordClaims>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RecordClaims>());

        var app = builder.Build();
        app.MapServiceDefaults();
        return app;
    }
}
