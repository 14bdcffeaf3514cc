using System.Diagnostics;
using System.Globalization;
using System.Text;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.Engines.Redis;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.IssueService.Recovery;
using FirstCome.Ledger;
using FirstCome.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using Database = FirstCome.Engines.Database.Database;

namespace FirstCome.Bench;

/// <summary>
/// A campaign of a million winners on a real Redis and a real database: how long an empty gate takes to be rebuilt, what a winner costs in Redis, and whether a claim takes longer than with ten thousand winners.
/// </summary>
internal static class RecoveryBench
{
    private const int Many = 1_000_000, Few = 10_000, Left = 10_000, ClaimsAtOnce = 64, Calls = 200, RowsPerStatement = 500, StatementsPerTransaction = 20;
    private const double BytesMax = 64, GrowthMax = 1.2;
    private static readonly TimeSpan s_rebuildAim = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ([_] or [_, "--engine", "mariadb" or "mysql"])) { await Console.Error.WriteLineAsync("bench/recovery [--engine mariadb|mysql]"); return 2; }
        Figure.PrintMachine();
        await using DatabaseServer server = args is [_, _, "mysql"] ? await MySqlServer.StartAsync() : await MariaDbServer.StartAsync();
        using var folder = new TemporaryFolder();
        await using var log = new EmbeddedLog(new EmbeddedLogOptions { File = folder.File("log.db") }, TimeProvider.System, NullLogger<EmbeddedLog>.Instance);
        await log.EnsureTopicsAsync(Topics.All, CancellationToken.None);
        await using var ledger = Database.MySql(await server.CreateSchemaAsync(), TimeProvider.System, NullLogger<Database>.Instance);
        await ledger.MigrateAsync(typeof(ClaimRow).Assembly, CancellationToken.None);
        await using var redis = await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "everysec");
        await using var connection = await redis.ConnectAsync();
        var rebuild = new RebuildGate(ledger, connection, new Replicas(connection, 0, TimeSpan.Zero, NullLogger<Replicas>.Instance), log, TimeProvider.System, NullLogger<RebuildGate>.Instance);

        var few = await OpenAsync(ledger, Few, rebuild, connection, redis);
        var many = await OpenAsync(ledger, Many, rebuild, connection, redis);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rebuild of {Few:N0} winners {few.Rebuild.TotalSeconds:0.00} s, of {Many:N0} {many.Rebuild.TotalSeconds:0.00} s ({many.Rebuild / many.Read:0.0} times a plain read of the same rows); {few.Bytes:0.0} and {many.Bytes:0.0} bytes a winner in Redis"));
        var ratios = new List<double>();
        for (var pair = 0; pair <= 5; pair++)
        {
            var (with, without) = await LatencyAsync(few.Gate, many.Gate);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(pair == 0 ? "warm-up" : $"pair {pair}")}: {ClaimsAtOnce} claims, median {without.TotalMicroseconds:0} µs with {Few:N0} winners, {with.TotalMicroseconds:0} µs with {Many:N0}"));
            if (pair > 0) { ratios.Add(without / with); }
        }
        // As "at least": the inverse of what should stay below its limit.
        var reached = Figure.Print("latency of a claim, ten thousand winners / a million", ratios, 1 / GrowthMax);
        reached &= Figure.Print($"{BytesMax} bytes / bytes a winner, a million", [BytesMax / many.Bytes], 1);
        return Figure.Print($"{s_rebuildAim.TotalSeconds} s / rebuild of a million", [s_rebuildAim / many.Rebuild], 1) && reached ? 0 : 1;
    }

    private static async Task<(CampaignGate Gate, TimeSpan Rebuild, TimeSpan Read, double Bytes)> OpenAsync(Database ledger, int winners, RebuildGate rebuild, IConnectionMultiplexer connection, RedisServer redis)
    {
        var campaign = NewCampaign(winners + Left);
        await ledger.WriteAsync((database, transaction, token) => LedgerCampaigns.WriteAsync(database, transaction, campaign, true, token), CancellationToken.None);
        await FillAsync(ledger, campaign.Id, winners);
        var read = Stopwatch.GetTimestamp();
        await ledger.ReadAsync(async (database, token) =>
        {
            await using var command = LedgerValues.LongCommand(database, null, "SELECT member_id, nth, sequence, accepted_at, key_hash FROM claim WHERE campaign_id = @id", ("@id", LedgerValues.Id(campaign.Id)));
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { _ = rows.GetFieldValue<byte[]>(0); }
            return true;
        }, CancellationToken.None);
        var plain = Stopwatch.GetElapsedTime(read);
        var before = await UsedAsync(redis);
        var started = Stopwatch.GetTimestamp();
        var outcome = await rebuild.RunAsync(campaign.Id, CancellationToken.None);
        var elapsed = Stopwatch.GetElapsedTime(started);
        if (outcome != RebuildOutcome.Opened) { throw new InvalidOperationException($"The gate was not opened: {outcome}."); }
        return (new CampaignGate(connection.GetDatabase(), campaign), elapsed, plain, (await UsedAsync(redis) - before) / (double)winners);
    }

    private static async Task<(TimeSpan Many, TimeSpan Few)> LatencyAsync(CampaignGate few, CampaignGate many)
    {
        var (fewTimes, manyTimes) = (new List<TimeSpan>(Calls), new List<TimeSpan>(Calls));
        for (var call = 0; call < Calls; call++)
        {
            // Taking turns, so that both meet the same machine.
            fewTimes.Add(await TimeAsync(few));
            manyTimes.Add(await TimeAsync(many));
        }
        return (Median(manyTimes), Median(fewTimes));
    }

    private static async Task<TimeSpan> TimeAsync(CampaignGate gate)
    {
        // One in ten wins, the others only look: the crowd's usual mixture.
        var claims = Enumerable.Range(0, ClaimsAtOnce).Select(index => new GateClaim(Guid.CreateVersion7(), IdempotencyKey.Hash(""), index % 10 == 0)).ToArray();
        var answers = new GateAnswer[ClaimsAtOnce];
        var started = Stopwatch.GetTimestamp();
        var (status, _) = await gate.ClaimAsync(claims, answers);
        var elapsed = Stopwatch.GetElapsedTime(started);
        return status == GateStatus.Answered ? elapsed : throw new InvalidOperationException($"The gate answered {status}.");
    }

    private static async Task FillAsync(Database ledger, Guid campaign, int winners)
    {
        for (var from = 0; from < winners; from += RowsPerStatement * StatementsPerTransaction)
        {
            var first = from;
            await ledger.WriteAsync(async (connection, transaction, token) =>
            {
                for (var statement = 0; statement < StatementsPerTransaction && first + (statement * RowsPerStatement) < winners; statement++)
                {
                    var sql = new StringBuilder($"INSERT INTO claim ({ClaimRow.Columns}) VALUES ");
                    for (var row = 0; row < RowsPerStatement; row++)
                    {
                        var sequence = first + (statement * RowsPerStatement) + row + 1;
                        sql.Append(row == 0 ? "" : ",").Append(CultureInfo.InvariantCulture,
                            $"(UNHEX('{campaign:N}'),{sequence},UNHEX('{Guid.CreateVersion7():N}'),1,UNHEX('{Guid.CreateVersion7():N}'),1,1,{1_800_000_000_000 + sequence},{1_800_000_000_000 + sequence},'CODE',NULL,0,{sequence})");
                    }
                    await using var command = LedgerValues.Command(connection, transaction, sql.ToString());
                    await command.ExecuteNonQueryAsync(token);
                }
                return true;
            }, CancellationToken.None);
        }
        await ledger.WriteAsync(async (connection, transaction, token) =>
        {
            await using var command = LedgerValues.Command(connection, transaction, "UPDATE campaign SET taken = @taken WHERE campaign_id = @id", ("@taken", winners), ("@id", LedgerValues.Id(campaign)));
            return await command.ExecuteNonQueryAsync(token);
        }, CancellationToken.None);
    }

    private static async Task<long> UsedAsync(RedisServer redis)
    {
        await using var admin = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { redis.EndPoint }, AllowAdmin = true });
        // What is left of a rebuild is freed in the background.
        var used = long.MaxValue;
        for (var look = 0; look < 20; look++)
        {
            used = Math.Min(used, long.Parse((await admin.GetServer(redis.EndPoint).InfoAsync("memory")).SelectMany(group => group).Single(pair => pair.Key == "used_memory_dataset").Value, CultureInfo.InvariantCulture));
            await Task.Delay(50);
        }
        return used;
    }

    private static TimeSpan Median(List<TimeSpan> times)
    {
        times.Sort();
        return times[times.Count / 2];
    }

    private static Campaign NewCampaign(int quota)
    {
        var now = DateTimeOffset.UtcNow;
        return new Campaign(
            Guid.CreateVersion7(), 1, CampaignPhase.Active, new LocalizedText("가", "a"), new LocalizedText("", ""), quota, 1, now.AddHours(-1), now.AddHours(1), "Asia/Seoul",
            new Benefit(Benefit.FreeShippingKind), new Validity(Days: 1), [], null, false, false, 0, now, now);
    }
}
