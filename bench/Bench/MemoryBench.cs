using System.Globalization;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Standalone;
using FirstCome.TestKit;
using StackExchange.Redis;

namespace FirstCome.Bench;

/// <summary>Memory of the all-in-one after 100,000 winners, and bytes for each winner in Redis (its own count) and in the embedded engine (the growth of the process).</summary>
internal static class MemoryBench
{
    private const int Winners = 100_000, GateWinners = 25_600, Campaigns = 8;

    public static async Task<int> RunAsync()
    {
        Figure.PrintMachine();
        await using var system = new StandaloneSystem();
        await system.StartAsync(CancellationToken.None);
        var (email, password) = StandaloneSystem.DemoAccount(system.Data, "operator") ?? throw new InvalidOperationException("The system made no demo accounts.");
        using var gateway = new GatewayClient(system.Url, email, password, 128);
        Print("idle", system.ResidentBytes());
        var campaign = await gateway.CreateCampaignAsync(Winners, CancellationToken.None);
        var members = await gateway.CreateMembersAsync(campaign, Winners, _ => { }, CancellationToken.None);
        Print("after making 100,000 tokens", system.ResidentBytes());
        var opensAt = await gateway.ScheduleAsync(campaign, TimeSpan.FromSeconds(1), CancellationToken.None);
        await Task.Delay(opensAt - DateTimeOffset.UtcNow is { Ticks: > 0 } wait ? wait + TimeSpan.FromMilliseconds(200) : TimeSpan.Zero);
        Console.WriteLine(await Load.RunAsync(system.Url.Port, members.ConvertAll(member => Load.Claim($"/api/campaigns/{campaign}/claims", system.Url.Authority, member.AccessToken)), 128));
        await Eventually.TrueAsync(async () => (await gateway.ReconciliationAsync(campaign, CancellationToken.None))["ledger"]!["issued"]!.GetValue<long>() == Winners, TimeSpan.FromMinutes(3), "every winner is in the ledger");
        Print("after 100,000 winners", system.ResidentBytes());

        using (var garnet = new GarnetServer())
        {
            await using var connection = await garnet.ConnectAsync();
            // The first fill pays for what the engine and the process take once.
            await FillAsync(connection.GetDatabase());
            var before = Resident();
            for (var more = 0; more < Campaigns; more++) { await FillAsync(connection.GetDatabase()); }
            Print($"embedded Garnet, growth of the process for each of {Campaigns * GateWinners} more winners", (Resident() - before) / (Campaigns * GateWinners), "bytes");
        }
        if ((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "redis-server"))))
        {
            await using var redis = await RedisServer.StartAsync();
            await using var connection = await redis.ConnectAsync();
            var empty = await UsedAsync(connection);
            await FillAsync(connection.GetDatabase());
            Print($"Redis, for each of {GateWinners} winners", (await UsedAsync(connection) - empty) / GateWinners, "bytes");
        }
        return 0;
    }

    private static async Task FillAsync(IDatabase redis)
    {
        var gate = await GateBench.OpenAsync(redis);
        var answers = new GateAnswer[256];
        for (var batch = 0; batch < GateWinners / 256; batch++)
        {
            var claims = Enumerable.Range(0, 256).Select(_ => new GateClaim(Guid.CreateVersion7(), IdempotencyKey.Hash(""), true)).ToList();
            await gate.ClaimAsync(claims, answers);
            await gate.MarkAsync(1, [.. claims.Zip(answers, (claim, answer) => (claim.Member, answer.Sequence))]);
        }
    }

    private static async Task<long> UsedAsync(IConnectionMultiplexer connection)
    {
        var memory = (string)(await connection.GetDatabase().ScriptEvaluateAsync("return redis.call('INFO', 'memory')"))!;
        return long.Parse(memory.Split('\n').First(line => line.StartsWith("used_memory:", StringComparison.Ordinal))["used_memory:".Length..], CultureInfo.InvariantCulture);
    }

    private static long Resident()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }

    private static void Print(string what, long bytes, string unit = "MiB") => Console.WriteLine($"{what}: {(unit == "MiB" ? bytes >> 20 : bytes)} {unit}");
}
