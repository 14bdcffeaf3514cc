using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.IssueWorker.Recording;
using FirstCome.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace FirstCome.EnginesTests.Claims;

/// <summary>What the standard metrics tell of failures: a measurement with <c>error.type</c>, and none without.</summary>
public sealed class FailureMetricsTests : IDisposable
{
    private const string SendDuration = "messaging.client.operation.duration", Sent = "messaging.client.sent.messages", ProcessDuration = "messaging.process.duration";
    private const string Consumed = "messaging.client.consumed.messages", DatabaseDuration = "db.client.operation.duration";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Instrument, double Value, string? Error)> _measured = [];

    public FailureMetricsTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == Meters && !instrument.Name.StartsWith("firstcome.", StringComparison.Ordinal)) { listener.EnableMeasurementEvents(instrument); }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _listener.Start();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    [Fact]
    public async Task A_log_that_does_not_acknowledge_and_a_gate_that_is_away_are_measured_as_failures()
    {
        await using var bench = await ClaimBench.StartAsync(LedgerEngine.Sqlite, quota: 5);
        var log = new DeafLog(bench.Log, Topics.CouponClaims);
        await using var way = new ClaimWay(bench, log, Meters);
        Assert.Equal(ClaimRefusal.Unavailable, (await way.ClaimAsync(Guid.CreateVersion7())).Refusal);
        Assert.Equal([null], Errors(DatabaseDuration));
        Assert.Equal([typeof(LogUnavailableException).FullName], Errors(SendDuration));
        Assert.Equal([(Sent, 1d, typeof(LogUnavailableException).FullName)], _measured.Where(each => each.Instrument == Sent));

        log.Deaf = false;
        Assert.Null((await way.ClaimAsync(Guid.CreateVersion7())).Refusal);
        Assert.Equal([typeof(LogUnavailableException).FullName, null], Errors(SendDuration));

        bench.StopRedis();
        Assert.Equal(ClaimRefusal.Unavailable, (await way.ClaimAsync(Guid.CreateVersion7())).Refusal);
        Assert.Equal([null, null], Errors(DatabaseDuration).Take(2));
        Assert.StartsWith("StackExchange.Redis.", Errors(DatabaseDuration).Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_that_cannot_be_recorded_or_told_is_measured_as_a_failure()
    {
        await using var bench = await ClaimBench.StartAsync(LedgerEngine.Sqlite, quota: 5);
        await bench.AcceptAsync(Guid.CreateVersion7());
        await bench.LeaveLogAsync();
        await bench.ExecuteAsync("ALTER TABLE claim RENAME TO claim_away");
        var log = new DeafLog(bench.Log, Topics.CouponIssued);
        using var worker = new RecordClaims(
            log, bench.Ledger, new LedgerBatch(bench.Ledger, TimeProvider.System, NullLogger<LedgerBatch>.Instance), new WorkerMetrics(Meters), Options.Create(new WorkerOptions()), TimeProvider.System,
            NullLogger<RecordClaims>.Instance);
        await worker.StartAsync(Cancel);
        await Eventually.TrueAsync(() => Errors(ProcessDuration).Count > 0, s_limit, "the batch fails in the ledger");
        Assert.Equal("Microsoft.Data.Sqlite.SqliteException", Errors(DatabaseDuration)[0]);
        Assert.Equal("Microsoft.Data.Sqlite.SqliteException", Errors(ProcessDuration)[0]);

        await bench.ExecuteAsync("ALTER TABLE claim_away RENAME TO claim");
        await Eventually.TrueAsync(() => Errors(ProcessDuration).Contains(typeof(LogUnavailableException).FullName), s_limit, "the batch is recorded, and nobody can be told");
        Assert.Contains(null, Errors(DatabaseDuration));
        Assert.DoesNotContain(null, Errors(ProcessDuration));
        Assert.DoesNotContain(null, Errors(Consumed));

        log.Deaf = false;
        await Eventually.TrueAsync(() => Errors(Consumed).Contains(null), s_limit, "the batch is told");
        await worker.StopAsync(Cancel);
        // To be stopped is no failure.
        Assert.DoesNotContain(typeof(OperationCanceledException).FullName, Errors(ProcessDuration));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }

    private List<string?> Errors(string instrument) => [.. _measured.Where(each => each.Instrument == instrument).Select(each => each.Error)];

    private void Measure(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? error = null;
        foreach (var (name, tag) in tags) { if (name == "error.type") { error = (string?)tag; } }
        _measured.Enqueue((instrument.Name, value, error));
    }
}
