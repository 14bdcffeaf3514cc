using System.Diagnostics.Metrics;
using System.Text.Json;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.IssueWorker.Recording;
using FirstCome.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace FirstCome.EnginesTests.Claims;

/// <summary>The worker's loop, where what comes after the ledger fails.</summary>
public sealed class RecordClaimsTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_batch_that_was_recorded_and_not_told_is_told_later(bool restarted)
    {
        await using var bench = await ClaimBench.StartAsync(LedgerEngine.Sqlite, quota: 5);
        var member = Guid.CreateVersion7();
        await bench.AcceptAsync(member);
        await bench.LeaveLogAsync();
        var log = new DeafLog(bench.Log, Topics.CouponIssued);
        using (var worker = Worker(bench, log))
        {
            await worker.StartAsync(Cancel);
            await Eventually.TrueAsync(async () => await bench.CountAsync("SELECT COUNT(*) FROM claim WHERE campaign_id = @id") == 1 && log.Refused > 0, s_limit, "the claim is recorded, and nobody could be told");
            if (!restarted) { await HearsAgainAsync(); }
            await worker.StopAsync(Cancel);
        }
        if (restarted)
        {
            using var again = Worker(bench, log);
            await again.StartAsync(Cancel);
            await HearsAgainAsync();
            await again.StopAsync(Cancel);
        }

        async Task HearsAgainAsync()
        {
            log.Deaf = false;
            await using var reader = bench.Log.Subscribe(new LogSubscription(Topics.CouponIssued, null, new LogStart.Since(DateTimeOffset.UnixEpoch)));
            var issued = new List<CouponIssued>();
            await Eventually.TrueAsync(async () =>
            {
                issued.AddRange((await reader.ReadAsync(10, TimeSpan.FromMilliseconds(200), Cancel)).Select(record => JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.CouponIssued)!));
                return issued.Count > 0;
            }, s_limit, "CouponService is told");
            Assert.Equal(member, issued[0].MemberId);
        }
    }

    private static RecordClaims Worker(ClaimBench bench, IEventLog log)
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return new RecordClaims(
            log, bench.Ledger, new LedgerBatch(bench.Ledger, TimeProvider.System, NullLogger<LedgerBatch>.Instance), new WorkerMetrics(meters), Options.Create(new WorkerOptions()), TimeProvider.System,
            NullLogger<RecordClaims>.Instance);
    }
}
