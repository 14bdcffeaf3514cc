using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.Engines.Log.Kafka;
using FirstCome.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>What may become of Kafka while the crowd asks, and what may stand in its topics.</summary>
public sealed class LogFaults(RealSystem system)
{
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(10), s_readMax = TimeSpan.FromSeconds(30);

    [Fact]
    public Task Kafka_is_killed_for_ten_seconds() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        await system.Kafka.Process.KillAsync();
        await Task.Delay(s_outage, cancel);
        await system.Kafka.RestartAsync();
    }, sign: Sign.ClaimsWithheld);

    [Fact]
    public Task Kafka_stands_still_for_ten_seconds() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        system.Kafka.Process.Freeze();
        try { await Task.Delay(s_outage, cancel); }
        finally { system.Kafka.Process.Thaw(); }
    }, sign: Sign.ClaimsWithheld);

    [Fact]
    public async Task Records_that_are_no_claims_stand_on_the_topic()
    {
        await using var log = await OpenAsync();
        await FaultRehearsal.HoldAsync(system, cancel => log.ProduceAsync(Topics.CouponClaims,
            [new LogRecord("poison", "not json"u8.ToArray()), new LogRecord("poison", Array.Empty<byte>()), new LogRecord("poison", "{}"u8.ToArray()), new LogRecord("other", new byte[60_000])], cancel));
    }

    [Fact]
    public async Task Records_come_twice_and_in_another_order()
    {
        await using var log = await OpenAsync();
        await FaultRehearsal.HoldAsync(system, async cancel =>
        {
            await using var reader = log.Subscribe(new LogSubscription(Topics.CouponClaims, null, new LogStart.Since(DateTimeOffset.UtcNow.AddMinutes(-1))));
            var records = new List<LogRecord>();
            await Eventually.TrueAsync(async () =>
            {
                var some = await reader.ReadAsync(1_000, TimeSpan.FromMilliseconds(500), cancel);
                records.AddRange(some.Select(record => new LogRecord(record.Key, record.Value)));
                return records.Count >= 5_000 || (some.Count == 0 && records.Count > 0);
            }, s_readMax, "claims are read back");
            records.Reverse();
            await log.ProduceAsync(Topics.CouponClaims, records, cancel);
        });
    }

    // Connected before the crowd takes the cores.
    private async Task<KafkaLog> OpenAsync()
    {
        await system.ReadyAsync();
        var log = new KafkaLog(new KafkaOptions { BootstrapServers = system.Kafka.Address, AcknowledgementTimeout = s_outage }, TimeProvider.System, NullLogger<KafkaLog>.Instance);
        await log.EndOffsetsAsync(Topics.CouponClaims, TestContext.Current.CancellationToken);
        return log;
    }
}
