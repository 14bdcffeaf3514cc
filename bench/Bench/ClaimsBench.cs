using System.Diagnostics;
using System.Globalization;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Standalone;
using FirstCome.TestKit;

namespace FirstCome.Bench;

/// <summary>
/// Claims through the whole all-in-one (gateway, token, gate, log) against a bare Kestrel endpoint behind a bare YARP: same machine, same generator, same sizes of bodies, in turn.
/// Every member asks once, with a token of its own. Arguments: claims [--requests N] [--pairs N] [--connections N].
/// </summary>
internal static class ClaimsBench
{
    public static async Task<int> RunAsync(string[] args)
    {
        int Option(string name, int otherwise) => Array.IndexOf(args, name) is >= 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
        var (requests, pairs, connections) = (Option("--requests", 8_000), Option("--pairs", 5), Option("--connections", 128));
        Figure.PrintMachine();
        await using var system = new StandaloneSystem();
        await system.StartAsync(CancellationToken.None);
        var ports = FreePorts.Block(2);
        await using var bare = ChildProcess.Start("dotnet", [typeof(ClaimsBench).Assembly.Location, "bare", $"{ports}", $"{ports + 1}"]);
        var (email, password) = StandaloneSystem.DemoAccount(system.Data, "operator") ?? throw new InvalidOperationException("The system made no demo accounts.");
        using var gateway = new GatewayClient(system.Url, email, password, connections);
        await WaitForAsync(ports);

        List<double> accepted = [], refused = [];
        for (var pair = 0; pair <= pairs; pair++)
        {
            // The first pair warms both systems up and is not counted.
            var counted = pair > 0;
            var (winners, wins) = await PrepareAsync(gateway, system.Url, requests, requests);
            var ours = await Load.RunAsync(system.Url.Port, wins, connections);
            Check(ours, 202, requests);
            var theirs = await Load.RunAsync(ports, Bare(wins.Count, $"/accepted/{ours.BodyBytes}", ports, winners), connections);
            if (counted) { accepted.Add(ours.PerSecond / theirs.PerSecond); }
            Console.WriteLine($"{(counted ? $"pair {pair}" : "warm-up")} accepted  ours {ours}\n                 bare {theirs}");

            var (losers, asks) = await PrepareAsync(gateway, system.Url, requests + 1, 1);
            await SellOutAsync(system.Url.Port, asks);
            ours = await Load.RunAsync(system.Url.Port, asks[1..], connections);
            Check(ours, 409, requests);
            theirs = await Load.RunAsync(ports, Bare(requests, $"/refused/{ours.BodyBytes}", ports, losers), connections);
            if (counted) { refused.Add(ours.PerSecond / theirs.PerSecond); }
            Console.WriteLine($"{(counted ? $"pair {pair}" : "warm-up")} refused   ours {ours}\n                 bare {theirs}");
        }
        var reached = Figure.Print("accepted claims / bare", accepted, 0.35);
        return Figure.Print("refused claims / bare", refused, 0.7) && reached ? 0 : 1;
    }

    private static async Task<(List<SyntheticMember> Members, List<byte[]> Requests)> PrepareAsync(GatewayClient gateway, Uri url, int members, int quota)
    {
        var campaign = await gateway.CreateCampaignAsync(quota, CancellationToken.None);
        var crowd = await gateway.CreateMembersAsync(campaign, members, _ => { }, CancellationToken.None);
        var opensAt = await gateway.ScheduleAsync(campaign, TimeSpan.FromMilliseconds(500), CancellationToken.None);
        await Task.Delay(opensAt - DateTimeOffset.UtcNow is { Ticks: > 0 } wait ? wait + TimeSpan.FromMilliseconds(200) : TimeSpan.Zero);
        return (crowd, crowd.ConvertAll(member => Load.Claim($"/api/campaigns/{campaign}/claims", url.Authority, member.AccessToken)));
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
