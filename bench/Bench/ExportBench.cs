using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Dapper;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Standalone;
using Microsoft.Data.Sqlite;

namespace FirstCome.Bench;

/// <summary>A million claims as CSV through the gateway of the all-in-one: time against reading the same rows raw, and what the process grows by meanwhile.</summary>
internal static class ExportBench
{
    private const int Rows = 1_000_000;
    private static readonly TimeSpan s_sample = TimeSpan.FromMilliseconds(100);

    public static async Task<int> RunAsync()
    {
        Figure.PrintMachine();
        await using var system = new StandaloneSystem();
        await system.StartAsync(CancellationToken.None);
        var (email, password) = StandaloneSystem.DemoAccount(system.Data, "operator") ?? throw new InvalidOperationException("The system made no demo accounts.");
        using var gateway = new GatewayClient(system.Url, email, password, 8);
        var campaign = await gateway.CreateCampaignAsync(Rows, CancellationToken.None);
        await gateway.ScheduleAsync(campaign, TimeSpan.FromHours(1), CancellationToken.None);
        await using var ledger = new SqliteConnection($"Data Source={Path.Combine(system.Data, "ledger.db")};Pooling=False;Default Timeout=60");
        await ledger.ExecuteAsync(
            """
            WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < @rows)
            INSERT INTO claim (campaign_id, sequence, member_id, nth, key_hash, generation, state, accepted_at, issued_at, code, log_partition, log_offset)
            SELECT @campaign, n, randomblob(16), 1, zeroblob(16), 1, 1, 1767225600000 + n, 1767225600500 + n, '0123-4567-89AB-CDEF-0', 0, n FROM number
            """, new { rows = Rows, campaign = campaign.ToByteArray(bigEndian: true) });
        using var client = new HttpClient { BaseAddress = system.Url, Timeout = TimeSpan.FromMinutes(10) };
        using var signedIn = await client.PostAsJsonAsync(new Uri("/api/auth/sign-in", UriKind.Relative), new { email, password });
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await signedIn.Content.ReadFromJsonAsync<JsonNode>())!["accessToken"]!.GetValue<string>());
        // Once before anything is measured, so that both find the file in memory.
        await ExportAsync(client, campaign);
        for (var pair = 1; pair <= 3; pair++)
        {
            var raw = await RawAsync(ledger, campaign);
            var before = system.ResidentBytes();
            var exporting = ExportAsync(client, campaign);
            long highest = 0;
            while (!exporting.IsCompleted)
            {
                highest = Math.Max(highest, system.ResidentBytes());
                await Task.WhenAny(exporting, Task.Delay(s_sample));
            }
            var (bytes, lines, took) = await exporting;
            Console.WriteLine(
                $"pair {pair}: {lines - 1:N0} rows, {bytes >> 20} MiB in {took.TotalSeconds:0.0} s, {took / raw:0.00} times as long as reading them raw; the process grew from {before >> 20} by at most {Math.Max(0, highest - before) >> 20} MiB");
        }
        return 0;
    }

    private static async Task<(long Bytes, int Lines, TimeSpan Took)> ExportAsync(HttpClient client, Guid campaign)
    {
        var started = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/campaigns/{campaign}/claims");
        request.Headers.Accept.ParseAdd("text/csv");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync();
        var (buffer, bytes, lines) = (new byte[64 * 1024], 0L, 0);
        while (await stream.ReadAsync(buffer) is var read and > 0)
        {
            bytes += read;
            lines += buffer.AsSpan(0, read).Count((byte)'\n');
        }
        return (bytes, lines, Stopwatch.GetElapsedTime(started));
    }

    private static async Task<TimeSpan> RawAsync(SqliteConnection ledger, Guid campaign)
    {
        var started = Stopwatch.GetTimestamp();
        await using var rows = await ledger.ExecuteReaderAsync("SELECT * FROM claim WHERE campaign_id = @campaign ORDER BY sequence", new { campaign = campaign.ToByteArray(bigEndian: true) });
        var (values, count) = (new object[rows.FieldCount], 0);
        while (await rows.ReadAsync()) { rows.GetValues(values); count++; }
        return count == Rows ? Stopwatch.GetElapsedTime(started) : throw new InvalidOperationException($"{count} rows are there.");
    }
}
