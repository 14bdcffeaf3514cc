using System.Diagnostics;
using System.Globalization;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Standalone;
using FirstCome.TestKit;

namespace FirstCome.Bench;

/// <summary>
/// Claims through the whole all-in-one (gateway, token, gate, log) against a bare Kestrel endpoint behind a bare YARP: same machine, same generator, same sizes of bodies, in turn.
/// Every member asks once, with a token of its own. With <c>--real</c> each service is a process, on Redis with append-only file, Kafka with <c>acks=all</c> and MySQL or MariaDB, and so are bare endpoint and bare YARP;
/// at the end <c>--visible N</c> claims (100,000) are accepted and the time from the last 202 to the last coupon is told. Arguments: claims [--real] [--visible N] [--requests N] [--pairs N] [--connections N].
/// </summary>
internal static class ClaimsBench
{
    private static readonly TimeSpan s_visibleAim = TimeSpan.FromSeconds(5), s_visibleMax = TimeSpan.FromMinutes(3);

    public static async Task<int> RunAsync(string[] args)
    {
        int Option(string name, int otherwise) => Array.IndexOf(args, name) is >= 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
        var (requests, pairs, connections) = (Option("--requests", 8_000), Option("--pairs", 5), Option("--connections", 128));
        var real = args.Contains("--real");
        Figure.PrintMachine();
        await using var standalone = new StandaloneSystem();
        await using var services = new RealSystem();
        if (real) { await services.StartAsync(); } else { await standalone.StartAsync(CancellationToken.None); }
        var (url, data) = real ? (services.Url, services.Data) : (standalone.Url, standalone.Data);
        var ports = FreePorts.Block(2);
        string[] bareArguments = [typeof(ClaimsBench).Assembly.Location, "bare", $"{ports}", $"{ports + 1}"];
        await using var bare = ChildProcess.Start("dotnet", real ? [.. bareArguments, "proxy"] : bareArguments);
        await using var endpoint = real ? ChildProcess.Start("dotnet", [.. bareArguments, "endpoint"]) : null;
        var (email, password) = StandaloneSystem.DemoAccount(data, "operator") ?? throw new InvalidOperationException("The system made no demo accounts.");
        using var gateway = new GatewayClient(url, email, password, connections);
        await WaitForAsync(ports);
        if (real) { await WaitForAsync(ports + 1); }

        List<double> accepted = [], refused = [];
        for (var pair = 0; pair <= pairs; pair++)
        {
            // The first pair warms both systems up and is not counted.
            var counted = pair > 0;
            var (winners, wins, _) = await PrepareAsync(gateway, url, requests, requests);
            var (ours, oursCpu) = await MeasuredAsync(() => Load.RunAsync(url.Port, wins, connections));
            Check(ours, 202, requests);
            var (theirs, theirsCpu) = await MeasuredAsync(() => Load.RunAsync(ports, Bare(wins.Count, $"/accepted/{ours.BodyBytes}", ports, winners), connections));
            if (counted) { accepted.Add(ours.PerSecond / theirs.PerSecond); }
            Console.WriteLine($"{(counted ? $"pair {pair}" : "warm-up")} accepted  ours {ours}\n                      {oursCpu}\n                 bare {theirs}\n                      {theirsCpu}");

            var (losers, asks, _) = await PrepareAsync(gateway, url, requests + 1, 1);
            await SellOutAsync(url.Port, asks);
            (ours, oursCpu) = await MeasuredAsync(() => Load.RunAsync(url.Port, asks[1..], connections));
            Check(ours, 409, requests);
            (theirs, theirsCpu) = await MeasuredAsync(() => Load.RunAsync(ports, Bare(requests, $"/refused/{ours.BodyBytes}", ports, losers), connections));
            if (counted) { refused.Add(ours.PerSecond / theirs.PerSecond); }
            Console.WriteLine($"{(counted ? $"pair {pair}" : "warm-up")} refused   ours {ours}\n                      {oursCpu}\n                 bare {theirs}\n                      {theirsCpu}");
        }
        var reached = Figure.Print("accepted claims / bare", accepted, real ? 0.25 : 0.35);
        reached &= Figure.Print("refused claims / bare", refused, real ? 0.6 : 0.7);
        return (!real || await VisibleAsync(gateway, url, Option("--visible", 100_000), connections)) && reached ? 0 : 1;
    }

    /// <summary>From the last 202 of a crowd that all win to the last of their coupons.</summary>
    private static async Task<bool> VisibleAsync(GatewayClient gateway, Uri url, int claims, int connections)
    {
        var (_, wins, campaign) = await PrepareAsync(gateway, url, claims, claims);
        var ours = await Load.RunAsync(url.Port, wins, connections);
        var told = Stopwatch.GetTimestamp();
        Check(ours, 202, claims);
        long made;
        while ((made = (await gateway.ReconciliationAsync(campaign, CancellationToken.None))["coupons"]?.AsObject().Sum(state => state.Value!.GetValue<long>()) ?? 0) < claims)
        {
            if (Stopwatch.GetElapsedTime(told) > s_visibleMax) { throw new InvalidOperationException($"{made} of {claims} coupons were made within {s_visibleMax}."); }
            await Task.Delay(20);
        }
        var elapsed = Stopwatch.GetElapsedTime(told);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{claims:N0} claims accepted: {ours}; the last coupon {elapsed.TotalSeconds:0.0} s after the last 202"));
        return Figure.Print($"{s_visibleAim.TotalSeconds} s / from the last 202 to the last coupon", [s_visibleAim / elapsed], 1);
    }

    private static async Task<(LoadResult Result, string Cpu)> MeasuredAsync(Func<Task<LoadResult>> load)
    {
        var cpu = new CpuByProcess();
        var result = await load();
        return (result, cpu.PerRequest(result.Requests));
    }

    private static async Task<(List<SyntheticMember> Members, List<byte[]> Requests, Guid Campaign)> PrepareAsync(GatewayClient gateway, Uri url, int members, int quota)
    {
        var campaign = await gateway.CreateCampaignAsync(quota, CancellationToken.None);
        var crowd = await gateway.CreateMembersAsync(campaign, members, _ => { }, CancellationToken.None);
        var opensAt = await gateway.ScheduleAsync(campaign, TimeSpan.FromMilliseconds(500), CancellationToken.None);
        await Task.Delay(opensAt - DateTimeOffset.UtcNow is { Ticks: > 0 } wait ? wait + TimeSpan.FromMilliseconds(200) : TimeSpan.Zero);
        return (crowd, crowd.ConvertAll(member => Load.Claim($"/api/campaigns/{campaign}/claims", url.Authority, member.AccessToken)), campaign);
    }

    private static async Task SellOutAsync(int port, List<byte[]> asks)
    {
        Check(await Load.RunAsync(port, [asks[0]], 1), 202, 1);
        Check(await Load.RunAsync(port, [asks[1]], 1), 409, 1);
    }

    private static List<byte[]> Bare(int count, string path, int port, List<SyntheticMember> members) => [.. Enumerable.Range(0, count).Select(index => Load.Claim(path, $"127.0.0.1:{port}", members[index].AccessToken))];

    private static void Check(LoadResult result, int status, int count)
    {
        if (result.Statuses.GetValueOrDefault(status) != count) { throw new InvalidOperationException($"{count} answers {status} were expected: {result}"); }
    }

    private static async Task WaitForAsync(int port)
    {
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            try { await Load.RunAsync(port, [Load.Claim("/accepted/10", $"127.0.0.1:{port}", "x")], 1); return; }
            catch (System.Net.Sockets.SocketException) when (Stopwatch.GetElapsedTime(started).TotalSeconds < 30) { await Task.Delay(50); }
        }
    }
}
