using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using FirstCome.TestKit;
using StackExchange.Redis;
using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>Differences made by hand in the real engines of the deployed system, found and mended by an operator over HTTP. Every kind, by itself: Engines.Tests.</summary>
public sealed class ReconciliationTests(RealSystem system)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_was_broken_by_hand_is_named_and_mended()
    {
        var cancel = TestContext.Current.CancellationToken;
        await FaultRehearsal.HoldAsync(system, _ => Task.CompletedTask);
        using var client = new HttpClient { BaseAddress = system.Services.Gateway };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(client));
        // Ids are made by the clock: the rehearsal's is the newest.
        var id = Guid.Parse((await system.Database.QueryAsync("SELECT LOWER(HEX(campaign_id)) FROM firstcome_ledger.campaign ORDER BY campaign_id DESC LIMIT 1")).Trim());
        var path = $"/api/operations/campaigns/{id}";
        // Rows become old enough to be judged for their coupons.
        await Eventually.TrueAsync(async () => Kinds(await JsonAsync(client.GetAsync($"{path}/reconciliation", cancel))).Count == 0, s_limit, "nothing differs");

        var hex = $"UNHEX('{id:N}')";
        await system.Database.ExecuteAsync($"DELETE FROM firstcome_coupons.coupon WHERE campaign_id = {hex} AND sequence IN (2, 3)");
        await system.Database.ExecuteAsync($"DELETE FROM firstcome_ledger.claim WHERE campaign_id = {hex} AND sequence = 3");
        await system.Database.ExecuteAsync($"UPDATE firstcome_ledger.campaign SET taken = taken - 1 WHERE campaign_id = {hex}");
        var lost = (await system.Database.QueryAsync($"SELECT HEX(member_id) FROM firstcome_ledger.claim WHERE campaign_id = {hex} AND sequence = 5")).Trim();
        await LoseFromGateAsync(id, lost);

        string[] broken = ["claim-missing 3", "claim-not-in-gate 5", "coupon-missing 2"];
        await Eventually.TrueAsync(async () => Kinds(await JsonAsync(client.GetAsync($"{path}/reconciliation", cancel))).SequenceEqual(broken), s_limit, "the three differences are named");
        var dry = await JsonAsync(client.PostAsync($"{path}/repair?dryRun=true", null, cancel));
        Assert.Equal((1, 1, true), (dry["markedClaimsPublished"]!.GetValue<int>(), dry["couponsTold"]!.GetValue<int>(), dry["gateRebuilt"]!.GetValue<bool>()));

        // Whoever asks for a repair may leave: it goes to its end, and its trail with it.
        system.Services.Freeze("coupon-service");
        try
        {
            using var caller = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var asked = client.PostAsync($"{path}/repair", null, caller.Token);
            await Eventually.TrueAsync(async () => (await RepairAsync())?["unfinished"] is not null, s_limit, "the repair has begun");
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        }
        finally { system.Services.Thaw("coupon-service"); }
        await Eventually.TrueAsync(async () => (await RepairAsync())?["gateRebuilt"]?.GetValue<bool>() == true, s_limit, "the repair has ended");
        await Eventually.TrueAsync(async () =>
        {
            // Where CouponService was thawed too late to be judged, the next repair mends its part.
            await JsonAsync(client.PostAsync($"{path}/repair", null, cancel));
            var report = await JsonAsync(client.GetAsync($"{path}/reconciliation", cancel));
            return report["consistent"]?.GetValue<bool>() == true;
        }, s_limit, "all is mended");

        // What has more than one right answer is named, and left for a person. (A reservation without its mark the sweep publishes before anybody sees it.)
        await system.Database.ExecuteAsync($"UPDATE firstcome_ledger.claim SET nth = 9 WHERE campaign_id = {hex} AND sequence = 1");
        await system.Database.ExecuteAsync($"UPDATE firstcome_coupons.coupon SET code = REVERSE(code) WHERE campaign_id = {hex} AND sequence = 4");
        await LoseFromGateAsync(id, (await system.Database.QueryAsync($"SELECT HEX(member_id) FROM firstcome_ledger.claim WHERE campaign_id = {hex} AND sequence = 6")).Trim());
        await system.Database.ExecuteAsync($"DELETE FROM firstcome_ledger.claim WHERE campaign_id = {hex} AND sequence = 6");
        string[] left = ["claim-differs 1", "number-unexplained 6", "coupon-without-claim 6", "coupon-differs 1,4"];
        await Eventually.TrueAsync(async () => Kinds(await JsonAsync(client.GetAsync($"{path}/reconciliation", cancel))).SequenceEqual(left), s_limit, "the four differences are named");
        var repair = await JsonAsync(client.PostAsync($"{path}/repair", null, cancel));
        Assert.Equal(left, Kinds(repair, "left"));
        Assert.Equal((0, 0, false), (repair["markedClaimsPublished"]!.GetValue<int>(), repair["couponsTold"]!.GetValue<int>(), repair["gateRebuilt"]!.GetValue<bool>()));
        Assert.Equal(left, Kinds(await JsonAsync(client.GetAsync($"{path}/reconciliation", cancel))));

        // What the trail knows of the newest repair.
        async Task<JsonNode?> RepairAsync() => (await JsonAsync(client.GetAsync($"{path}/reconciliation/runs", cancel)))["items"]!.AsArray().FirstOrDefault(run => run!["actor"] is not null)?["outcome"];
    }

    private async Task LoseFromGateAsync(Guid campaign, string member)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(system.Redis.EndPoint.ToString()!);
        var database = redis.GetDatabase();
        var removed = 0;
        // A gate that was rebuilt leaves the buckets of its former generation behind for a while.
        foreach (var key in redis.GetServer(system.Redis.EndPoint).Keys(pattern: $"gate:*:{campaign:N}:*:w:*"))
        {
            if (await database.HashDeleteAsync(key, Convert.FromHexString(member))) { removed++; }
        }
        Assert.InRange(removed, 1, 2);
    }

    private async Task<string> TokenAsync(HttpClient client)
    {
        using var accounts = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(system.Services.Data, "demo-accounts.json"), TestContext.Current.CancellationToken));
        var account = accounts.RootElement.EnumerateArray().Single(account => account.GetProperty("role").GetString() == "operator");
        var answer = await JsonAsync(client.PostAsJsonAsync("/api/auth/sign-in", new { email = account.GetProperty("email").GetString(), password = account.GetProperty("password").GetString() }, TestContext.Current.CancellationToken));
        return answer["accessToken"]!.GetValue<string>();
    }

    private static List<string> Kinds(JsonNode report, string list = "differences") =>
        [.. report[list]!.AsArray().Select(difference => $"{difference!["kind"]} {string.Join(',', difference["sequences"]!.AsArray().Select(sequence => sequence!.GetValue<long>()))}")];

    private static async Task<JsonNode> JsonAsync(Task<HttpResponseMessage> request)
    {
        using var response = await request;
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
