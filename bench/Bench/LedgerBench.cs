using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.IssueWorker.Recording;
using FirstCome.Ledger;
using FirstCome.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Database = FirstCome.Engines.Database.Database;

namespace FirstCome.Bench;

/// <summary>
/// The worker's batches (parsing, insert, read-back, guard, offsets) against the fastest raw multi-row insert of the same rows into the same table, and against the worker's own way one record at a time.
/// </summary>
internal static class LedgerBench
{
    private const int Rows = 20_000, BatchRows = 2_000, OneByOneRows = 400, Pairs = 5;

    private static readonly int[] s_rowsPerStatement = [25, 50, 100, 200, 500];

    public static async Task<int> RunAsync(string[] args)
    {
        if (Engine(args) is not { } engine) { await Console.Error.WriteLineAsync("bench/ledger [--engine sqlite|mariadb|mysql]"); return 2; }
        Figure.PrintMachine();
        Console.WriteLine($"ledger on {engine}");
        await using var server = engine switch { "mariadb" => await MariaDbServer.StartAsync(), "mysql" => await MySqlServer.StartAsync(), _ => (DatabaseServer?)null };
        List<double> raw = [], single = [];
        for (var pair = 0; pair <= Pairs; pair++)
        {
            var worker = await MeasureAsync(server, Rows, BatchRows, WorkerAsync);
            var fastest = s_rowsPerStatement.ToDictionary(rows => rows, rows => 0.0);
            foreach (var rows in s_rowsPerStatement) { fastest[rows] = await MeasureAsync(server, Rows, BatchRows, (bench, batch) => RawAsync(bench, batch, rows)); }
            var best = fastest.MaxBy(each => each.Value);
            var oneByOne = await MeasureAsync(server, OneByOneRows, 1, WorkerAsync);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(pair == 0 ? "warm-up" : $"pair {pair}")}: worker {worker:0} rows/s, raw multi-row {best.Value:0} rows/s ({best.Key} rows a statement), one by one {oneByOne:0} rows/s"));
            if (pair > 0) { raw.Add(worker / best.Value); single.Add(worker / oneByOne); }
        }
        var reached = Figure.Print("worker / fastest raw multi-row insert", raw, 0.5);
        return Figure.Print("worker / one by one", single, 20) && reached ? 0 : 1;
    }

    private static string? Engine(string[] args) => args switch
    {
        [_] => "sqlite",
        [_, "--engine", "sqlite" or "mariadb" or "mysql"] => args[2],
        _ => null,
    };

    private static async Task<double> MeasureAsync(DatabaseServer? server, int rows, int batchRows, Func<Ground, IReadOnlyList<ConsumedRecord>, Task> write)
    {
        using var folder = new TemporaryFolder();
        await using var ledger = server is null
            ? Database.Sqlite(folder.File("ledger.db"), TimeProvider.System, NullLogger<Database>.Instance)
            : Database.MySql(await server.CreateSchemaAsync(), TimeProvider.System, NullLogger<Database>.Instance);
        await ledger.MigrateAsync(typeof(ClaimRow).Assembly, CancellationToken.None);
        var campaign = NewCampaign();
        await ledger.WriteAsync((connection, transaction, token) => LedgerCampaigns.WriteAsync(connection, transaction, campaign, true, token), CancellationToken.None);
        var ground = new Ground(ledger, campaign.Id, new LedgerBatch(ledger, TimeProvider.System, NullLogger<LedgerBatch>.Instance));
        var batches = Enumerable.Range(1, rows).Select(sequence => Record(campaign.Id, sequence)).Chunk(batchRows).ToList();
        var started = Stopwatch.GetTimestamp();
        foreach (var batch in batches) { await write(ground, batch); }
        return rows / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task WorkerAsync(Ground ground, IReadOnlyList<ConsumedRecord> records)
    {
        var result = await ground.Batch.WriteAsync(records, patient: false, CancellationToken.None);
        if (result?.New != records.Count) { throw new InvalidOperationException($"{result?.New} of {records.Count} rows were new."); }
    }

    private static Task<bool> RawAsync(Ground ground, IReadOnlyList<ConsumedRecord> records, int rowsPerStatement) => ground.Ledger.WriteAsync(async (connection, transaction, token) =>
    {
        foreach (var some in records.Select(record => LedgerBatch.TryParse(record, out _)!).Chunk(rowsPerStatement))
        {
            var sql = new StringBuilder($"INSERT INTO claim ({ClaimRow.Columns}) VALUES ");
            await using var command = LedgerValues.Command(connection, transaction, "");
            for (var i = 0; i < some.Length; i++)
            {
                sql.Append(i == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"(@c{i}, @s{i}, @m{i}, @n{i}, @k{i}, @g{i}, 1, @a{i}, @i{i}, @o{i}, NULL, @p{i}, @f{i})");
                (string, object)[] values =
                [
                    ("@c", LedgerValues.Id(some[i].CampaignId)), ("@s", some[i].Sequence), ("@m", LedgerValues.Id(some[i].MemberId)), ("@n", some[i].Nth), ("@k", some[i].KeyHash), ("@g", some[i].Generation),
                    ("@a", some[i].AcceptedAtMs), ("@i", some[i].AcceptedAtMs), ("@o", some[i].Code), ("@p", some[i].LogPartition), ("@f", some[i].LogOffset),
                ];
                foreach (var (name, value) in values) { LedgerValues.Bind(command, $"{name}{i}", value); }
            }
            command.CommandText = sql.ToString();
            await command.ExecuteNonQueryAsync(token);
        }
        return true;
    }, CancellationToken.None);

    private static ConsumedRecord Record(Guid campaign, int sequence)
    {
        var member = Guid.CreateVersion7();
        var claim = new ClaimAccepted(campaign, member, 1, sequence, 1, new string('a', 32), 1_800_000_000_000 + sequence);
        return new ConsumedRecord(new LogPosition(sequence % 6, sequence / 6), DateTimeOffset.UnixEpoch, member.ToString("N"), JsonSerializer.SerializeToUtf8Bytes(claim, MessageJson.Default.ClaimAccepted), null);
    }

    private static Campaign NewCampaign()
    {
        var now = DateTimeOffset.UtcNow;
        return new Campaign(
            Guid.CreateVersion7(), 1, CampaignPhase.Active, new LocalizedText("가", "a"), new LocalizedText("", ""), Rows, 1, now.AddHours(-1), now.AddHours(1), "Asia/Seoul",
            new Benefit(Benefit.FreeShippingKind), new Validity(Days: 1), [], null, false, false, 0, now, now);
    }

    private sealed record Ground(Database Ledger, Guid Campaign, LedgerBatch Batch);
}
