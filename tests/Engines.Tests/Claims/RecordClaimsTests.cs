using System.Collections.Concurrent;
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

    [Fact]
    public async Task A_log_that_starts_after_the_ledger_is_an_alarm()
    {
        await using var bench = await ClaimBench.StartAsync(LedgerEngine.Sqlite, quota: 5);
        using var listener = new AlarmListener();
        var log = new ShortenedLog(bench.Log);
        using var worker = Worker(bench, log, listener.Meters);
        await worker.StartAsync(Cancel);
        await Eventually.TrueAsync(() => log.Asked > 2, s_limit, "the lag is measured");
        Assert.Equal(0, listener.Count("log-starts-after-ledger"));

        log.Dropped = 7;
        await Eventually.TrueAsync(() => listener.Count("log-starts-after-ledger") > 0, s_limit, "the alarm is raised");
        await worker.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_lag_that_cannot_be_measured_gets_older()
    {
        await using var bench = await ClaimBench.StartAsync(LedgerEngine.Sqlite, quota: 5);
        using var listener = new AlarmListener();
        using var worker = Worker(bench, bench.Log, listener.Meters);
        await worker.StartAsync(Cancel);
        // It is measured each second while nothing comes.
        await Eventually.TrueAsync(() => listener.LagAge > 0.5, s_limit, "time passes");
        await Eventually.TrueAsync(() => listener.LagAge < 0.5, s_limit, "the lag is measured");

        await bench.ExecuteAsync("ALTER TABLE consumer_offset RENAME TO consumer_offset_away");
        await Eventually.TrueAsync(() => listener.LagAge > 4, s_limit, "the ledger cannot be asked, and the lag gets older");

        await bench.ExecuteAsync("ALTER TABLE consumer_offset_away RENAME TO consumer_offset");
        await Eventually.TrueAsync(() => listener.LagAge < 2, s_limit, "the lag is measured again");
        await worker.StopAsync(Cancel);
    }

    private static RecordClaims Worker(ClaimBench bench, IEventLog log) => Worker(bench, log, new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());

    private static RecordClaims Worker(ClaimBench bench, IEventLog log, IMeterFactory meters) => new(
        log, bench.Ledger, new LedgerBatch(bench.Ledger, TimeProvider.System, NullLogger<LedgerBatch>.Instance), new WorkerMetrics(meters), Options.Create(new WorkerOptions()), TimeProvider.System,
        NullLogger<RecordClaims>.Instance);

    /// <summary>A log that says it has dropped its first records.</summary>
    private sealed class ShortenedLog(IEventLog log) : IEventLog
    {
        private int _asked;
        private long _dropped;

        public int Asked => Volatile.Read(ref _asked);

        public long Dropped { set => Volatile.Write(ref _dropped, value); }

        public Task EnsureTopicsAsync(IReadOnlyList<Topic> topics, CancellationToken cancellationToken) => log.EnsureTopicsAsync(topics, cancellationToken);

        public Task<IReadOnlyList<LogPosition>> ProduceAsync(Topic to, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken) => log.ProduceAsync(to, records, cancellationToken);

        public Task<IReadOnlyList<long>> EndOffsetsAsync(Topic of, CancellationToken cancellationToken) => log.EndOffsetsAsync(of, cancellationToken);

        public async Task<IReadOnlyList<long>> StartOffsetsAsync(Topic of, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            return [.. (await log.StartOffsetsAsync(of, cancellationToken)).Select(start => start + Volatile.Read(ref _dropped))];
        }

        public ILogReader Subscribe(LogSubscription subscription) => log.Subscribe(subscription);
    }

    /// <summary>What alarms are made of, as a scrape would read it.</summary>
    private sealed class AlarmListener : IDisposable
    {
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _alarms = new();
        private double _lagAge;

        public AlarmListener()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == Meters && instrument.Name is "firstcome.alarms" or "firstcome.worker.lag.age") { listener.EnableMeasurementEvents(instrument); }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, tags, _) => _alarms.AddOrUpdate((string)tags[0].Value!, value, (_, before) => before + value));
            _listener.SetMeasurementEventCallback<double>((_, value, _, _) => _lagAge = value);
            _listener.Start();
        }

        public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

        public double LagAge
        {
            get
            {
                _listener.RecordObservableInstruments();
                return _lagAge;
            }
        }

        public long Count(string kind) => _alarms.GetValueOrDefault(kind);

        public void Dispose()
        {
            _listener.Dispose();
            _services.Dispose();
        }
    }
}
