using System.Diagnostics;
using FirstCome.Contracts.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.TestKit;
using StackExchange.Redis;

namespace FirstCome.Bench;

/// <summary>The batched gate against one script call for each claim, on the same engine, with as many claims waiting at the same moment.</summary>
internal static class GateBench
{
    private const int Claims = 25_600, AtOnce = 256, Pairs = 5;

    public static async Task<int> RunAsync()
    {
        Figure.PrintMachine();
        var reached = true;
        using (var garnet = new GarnetServer())
        {
            await using var connection = await garnet.ConnectAsync();
            reached &= await CompareAsync("Garnet, embedded", connection.GetDatabase());
        }
        if ((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "redis-server"))))
        {
            await using var redis = await RedisServer.StartAsync();
            await using var connection = await redis.ConnectAsync();
            reached &= await CompareAsync("Redis", connection.GetDatabase());
        }
        else { Console.WriteLine("Redis: redis-server is not installed, not measured"); }
        return reached ? 0 : 1;
    }

    private static async Task<bool> CompareAsync(string engine, IDatabase redis)
    {
        var ratios = new List<double>();
        for (var pair = 0; pair <= Pairs; pair++)
        {
            var batched = await MeasureAsync(redis, async (gate, claims) =>
            {
                var answers = new GateAnswer[AtOnce];
                foreach (var batch in claims.Chunk(AtOnce)) { await gate.ClaimAsync(batch, answers); }
            });
            var single = await MeasureAsync(redis, async (gate, claims) =>
            {
                var next = -1;
                await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
                {
                    var answer = new GateAnswer[1];
                    for (int index; (index = Interlocked.Increment(ref next)) < claims.Length;) { await gate.ClaimAsync([claims[index]], answer); }
                }));
            });
            if (pair > 0) { ratios.Add(batched / single); }
            Console.WriteLine($"{engine}: batched {batched:0}/s, one by one {single:0}/s");
        }
        return Figure.Print($"gate batched / one by one, {engine}", ratios, 3);
    }

    private static async Task<double> MeasureAsync(IDatabase redis, Func<CampaignGate, GateClaim[], Task> run)
    {
        var gate = await OpenAsync(redis);
        var claims = Enumerable.Range(0, Claims).Select(_ => new GateClaim(Guid.CreateVersion7(), IdempotencyKey.Hash(""), true)).ToArray();
        var started = Stopwatch.GetTimestamp();
        await run(gate, claims);
        var took = Stopwatch.GetElapsedTime(started);
        var (_, numbers) = await gate.NumbersAsync();
        return numbers.Winners == Claims ? Claims / took.TotalSeconds : throw new InvalidOperationException($"{numbers.Winners} of {Claims} claims won.");
    }

    internal static async Task<CampaignGate> OpenAsync(IDatabase redis)
    {
        var now = DateTimeOffset.UtcNow;
        var campaign = new Campaign(
            Guid.CreateVersion7(), 1, CampaignPhase.Active, new LocalizedText("가", "a"), new LocalizedText("", ""), Claims, 1, now.AddHours(-1), now.AddHours(1), "Asia/Seoul",
            new Benefit(Benefit.FreeShippingKind), new Validity(Days: 1), [], null, false, false, 0, now, now);
        var keys = new GateKeys(campaign);
        var closed = ((string)(await redis.ScriptEvaluateAsync(RebuildScripts.Close, [keys.Control, keys.Group], [1, 0]))!).Split('|');
        await redis.ScriptEvaluateAsync(RebuildScripts.Open, [keys.Control, keys.Group],
        [
            1, closed[1], 0, "v", 1, "p", "a", "o", campaign.OpensAt.ToUnixTimeMilliseconds(), "c", campaign.ClosesAt.ToUnixTimeMilliseconds(), "q", campaign.Quota, "rel", 0, "pm", 1, "fg", 0,
            "n", 0, "w", 0, "at", 0, "hold", 0, "b", GateKeys.BucketsFor(campaign.Quota), "fb", GateKeys.FilterBitsFor(campaign.Quota),
        ]);
        return new CampaignGate(redis, campaign);
    }
}
