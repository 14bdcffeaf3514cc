using System.Globalization;
using System.Net;
using FirstCome.CacheService.Campaigns;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Redis;
using FirstCome.TestKit;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class CampaignReadTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private static string Internal(Guid id) => $"/internal/campaigns/{id}";

    [Fact]
    public async Task A_campaign_has_the_public_shape_with_its_counts()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open(open => open with { Version = 7, Group = null });
        host.Peers.Counts[campaign.Id] = new(30, 20, 5, host.Now);

        using var response = await host.GetAsync($"/api/campaigns/{campaign.Id}");
        var body = await CacheServiceHost.BodyAsync(response);
        Assert.Equal("\"7\"", response.Headers.ETag?.Tag);
        Assert.Equal(
            ["audience", "benefit", "closesAt", "counts", "description", "group", "id", "name", "opensAt", "perMember", "quota", "rehearsal", "releaseCancelled", "state", "timeZone", "validity"],
            body.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal("open", body.GetProperty("state").GetString());
        Assert.Equal(75, body.GetProperty("counts").GetProperty("remaining").GetInt64());
        Assert.EndsWith("Z", body.GetProperty("opensAt").GetString(), StringComparison.Ordinal);

        using var again = await host.GetAsync($"/api/campaigns/{campaign.Id}", headers: headers => headers.IfNoneMatch.ParseAdd("\"6\", W/\"7\""));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        Assert.Empty(await again.Content.ReadAsByteArrayAsync(CacheServiceHost.Cancellation));
        using var other = await host.GetAsync($"/api/campaigns/{campaign.Id}", headers: headers => headers.IfNoneMatch.ParseAdd("\"6\""));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Without_counts_the_campaign_is_told_all_the_same()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        host.Peers.IssuesAway = true;
        Assert.False((await host.JsonAsync($"/api/campaigns/{campaign.Id}")).TryGetProperty("counts", out _));
    }

    [Fact]
    public async Task However_many_ask_for_a_cold_campaign_it_is_loaded_once()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        host.Peers.Hold = new();
        var askers = Enumerable.Range(0, 200).Select(_ => host.GetAsync($"/api/campaigns/{campaign.Id}")).ToArray();
        await Eventually.TrueAsync(async () => await host.LookupsAsync("campaign", "memory", "miss") >= 200, s_limit, "all askers wait");
        host.Peers.Hold.SetResult();
        Assert.All(await Task.WhenAll(askers), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.Equal(1, host.Peers.CallsTo(Internal(campaign.Id)));
    }

    [Fact]
    public async Task Each_layer_counts_what_it_had()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        for (var i = 0; i < 3; i++) { await host.JsonAsync($"/api/campaigns/{campaign.Id}"); }
        await Eventually.TrueAsync(async () => await host.LookupsAsync("campaign", "memory", "hit") == 2, s_limit, "two hits in memory");
        Assert.Equal(1, await host.LookupsAsync("campaign", "memory", "miss"));
        Assert.Equal(1, await host.LookupsAsync("campaign", "redis", "miss"));
        Assert.Equal(1, await host.LookupsAsync("campaign", "source", "hit"));
    }

    [Fact]
    public async Task An_unknown_campaign_is_asked_for_once_a_second()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var id = Guid.CreateVersion7();
        for (var i = 0; i < 3; i++) { await host.RefusedAsync(404, "campaign-unknown", $"/api/campaigns/{id}"); }
        Assert.Equal(1, host.Peers.CallsTo(Internal(id)));
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.RefusedAsync(404, "campaign-unknown", $"/api/campaigns/{id}");
        Assert.Equal(2, host.Peers.CallsTo(Internal(id)));
    }

    [Fact]
    public async Task A_campaign_that_was_unknown_is_there_as_soon_as_its_owner_says_so()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        host.Peers.Campaigns.Clear();
        await host.RefusedAsync(404, "campaign-unknown", $"/api/campaigns/{campaign.Id}");
        await host.PublishAsync(Topics.CampaignChanged, campaign.Id, new CampaignChanged(campaign));
        await Eventually.TrueAsync(async () => (await host.GetAsync($"/api/campaigns/{campaign.Id}")).IsSuccessStatusCode, s_limit, "the campaign is there");
    }

    [Fact]
    public async Task Drafts_and_rehearsals_are_not_for_everybody()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var draft = host.Open(open => open with { Phase = CampaignPhase.Draft });
        var rehearsal = host.Open(open => open with { Rehearsal = true });
        var draftRehearsal = host.Open(open => open with { Rehearsal = true, Phase = CampaignPhase.Draft });
        foreach (var path in new[] { "", "/counts", "/events" })
        {
            foreach (var token in new[] { null, host.Token(), host.Token(roles: ["member", "merchant", "admin"]) })
            {
                foreach (var hidden in new[] { draft, rehearsal, draftRehearsal }) { await host.RefusedAsync(404, "campaign-unknown", $"/api/campaigns/{hidden.Id}{path}", token); }
            }
        }
        await host.RefusedAsync(404, "campaign-unknown", $"/api/campaigns/{rehearsal.Id}", host.Token(rehearsal: draft.Id));
        await host.RefusedAsync(404, "campaign-unknown", $"/api/campaigns/{draftRehearsal.Id}", host.Token(rehearsal: draftRehearsal.Id));

        Assert.Equal("draft", (await host.JsonAsync($"/api/campaigns/{draft.Id}", host.OperatorToken())).GetProperty("state").GetString());
        await host.JsonAsync($"/api/campaigns/{rehearsal.Id}", host.OperatorToken());
        await host.JsonAsync($"/api/campaigns/{rehearsal.Id}", host.Token(rehearsal: rehearsal.Id));
    }

    [Fact]
    public async Task A_change_is_seen_without_asking_its_owner()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await host.JsonAsync($"/api/campaigns/{campaign.Id}");
        await host.PublishAsync(Topics.CampaignChanged, campaign.Id, new CampaignChanged(campaign with { Version = 2, Quota = 200 }));
        await Eventually.TrueAsync(
            async () => (await host.JsonAsync($"/api/campaigns/{campaign.Id}")).GetProperty("quota").GetInt32() == 200, s_limit, "the change is seen");
        // An older version that comes late changes nothing.
        await host.PublishAsync(Topics.CampaignChanged, campaign.Id, new CampaignChanged(campaign));
        var last = campaign with { Version = 3, Quota = 300 };
        await host.PublishAsync(Topics.CampaignChanged, campaign.Id, new CampaignChanged(last));
        var seen = new List<int>();
        await Eventually.TrueAsync(
            async () =>
            {
                seen.Add((await host.JsonAsync($"/api/campaigns/{campaign.Id}")).GetProperty("quota").GetInt32());
                return seen[^1] == 300;
            }, s_limit, "the last change is seen");
        Assert.DoesNotContain(100, seen);
        Assert.Equal(1, host.Peers.CallsTo(Internal(campaign.Id)));
    }

    [Fact]
    public async Task Without_any_word_the_owner_is_asked_again_after_the_bounded_age()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await host.JsonAsync($"/api/campaigns/{campaign.Id}");
        host.Peers.Campaigns[campaign.Id] = campaign with { Version = 2, Quota = 200 };
        host.Clock.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(100, (await host.JsonAsync($"/api/campaigns/{campaign.Id}")).GetProperty("quota").GetInt32());
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(200, (await host.JsonAsync($"/api/campaigns/{campaign.Id}")).GetProperty("quota").GetInt32());
    }

    [Fact]
    public async Task While_its_owner_is_away_an_older_answer_is_given_and_told_as_such()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await host.JsonAsync($"/api/campaigns/{campaign.Id}");
        host.Peers.CouponsAway = true;
        host.Clock.Advance(TimeSpan.FromMinutes(5));
        using (var response = await host.GetAsync($"/api/campaigns/{campaign.Id}"))
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.InRange(response.Headers.Age!.Value.TotalSeconds, 300, 301);
            Assert.Contains("ttl=-27", string.Join(' ', response.Headers.GetValues("Cache-Status")), StringComparison.Ordinal);
        }
        await host.RefusedAsync(503, "unavailable", $"/api/campaigns/{Guid.CreateVersion7()}");

        using var health = await host.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        var report = await CacheServiceHost.BodyAsync(health);
        Assert.Equal("degraded", report.GetProperty("status").GetString());
        Assert.Equal("degraded", report.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == "coupon-service").GetProperty("status").GetString());

        host.Clock.Advance(TimeSpan.FromHours(1));
        await host.RefusedAsync(503, "unavailable", $"/api/campaigns/{campaign.Id}");
        host.Peers.CouponsAway = false;
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        await host.JsonAsync($"/api/campaigns/{campaign.Id}");
    }

    [Fact]
    public async Task An_owner_that_hangs_costs_a_caller_no_more_than_a_moment()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await host.JsonAsync($"/api/campaigns/{campaign.Id}");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        host.Peers.Hold = new();
        var before = host.Now;
        var answer = host.JsonAsync($"/api/campaigns/{campaign.Id}");
        await host.WhileTimePassesAsync(answer);
        Assert.InRange(host.Now - before, TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Another_instance_finds_the_campaign_in_redis()
    {
        await using var second = await CacheServiceHost.StartAsync(redis.Connection);
        await using var first = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = first.Open();
        // Each has a clock of its own here, which its start has moved.
        if (second.Now > first.Now) { first.Clock.SetUtcNow(second.Now); }
        await first.JsonAsync($"/api/campaigns/{campaign.Id}");
        Assert.Equal(campaign.Id, (await second.JsonAsync($"/api/campaigns/{campaign.Id}")).GetProperty("id").GetGuid());
        Assert.Equal(0, second.Peers.CallsTo(Internal(campaign.Id)));
        Assert.Equal(1, await second.LookupsAsync("campaign", "redis", "hit"));
    }

    /// <summary>It may have been changed while nobody listened; and of the events that a new instance reads once more the first says less than the last.</summary>
    [Fact]
    public async Task What_was_said_before_an_instance_was_there_is_asked_for_again_and_given_only_while_the_owner_is_away()
    {
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var draft = host.Open(open => open with { Phase = CampaignPhase.Draft });
        await host.Services.GetRequiredService<CampaignsInRedis>().WriteAsync(new(draft, before));
        host.Peers.CouponsAway = true;
        Assert.Equal("draft", (await host.JsonAsync($"/api/campaigns/{draft.Id}", host.OperatorToken())).GetProperty("state").GetString());
        host.Peers.CouponsAway = false;
        host.Peers.Campaigns[draft.Id] = draft with { Phase = CampaignPhase.Active, Version = 2 };
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        await host.Services.GetRequiredService<CampaignCache>().ApplyAsync(new(draft, before));
        Assert.Equal("open", (await host.JsonAsync($"/api/campaigns/{draft.Id}")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task In_redis_an_older_version_does_not_replace_a_newer_one_while_that_is_fresh()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        await KeepsTheNewerAsync(host, redis.Connection);
    }

    [Fact]
    public async Task In_a_real_redis_an_older_version_does_not_replace_a_newer_one_while_that_is_fresh()
    {
        await using var server = await RedisServer.StartAsync();
        await using var connection = await server.ConnectAsync();
        await using var host = await CacheServiceHost.StartAsync(connection);
        await KeepsTheNewerAsync(host, connection);
    }

    private static async Task KeepsTheNewerAsync(CacheServiceHost host, IConnectionMultiplexer connection)
    {
        var shared = host.Services.GetRequiredService<CampaignsInRedis>();
        var campaign = host.Open(open => open with { Version = 5 });
        var now = DateTimeOffset.FromUnixTimeMilliseconds(host.Now.ToUnixTimeMilliseconds());
        await shared.WriteAsync(new(campaign, now));
        await shared.WriteAsync(new(campaign with { Version = 4 }, now.AddSeconds(29)));
        await shared.WriteAsync(new(campaign, now.AddSeconds(-5)));
        Assert.Equal((5, now), Of(await shared.ReadAsync(campaign.Id)));
        await shared.WriteAsync(new(campaign, now.AddSeconds(10)));
        Assert.Equal((5, now.AddSeconds(10)), Of(await shared.ReadAsync(campaign.Id)));
        // Nothing newer was confirmed for as long as anything counts as fresh: the owner has gone back.
        await shared.WriteAsync(new(campaign with { Version = 4 }, now.AddSeconds(40)));
        Assert.Equal((4, now.AddSeconds(40)), Of(await shared.ReadAsync(campaign.Id)));

        var key = string.Create(CultureInfo.InvariantCulture, $"cache:{{{campaign.Id}}}");
        Assert.InRange((await connection.GetDatabase().KeyTimeToLiveAsync(key))!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromHours(1));

        static (int, DateTimeOffset) Of(HeldCampaign? held) => (held!.Campaign.Version, held.ConfirmedAt);
    }

    [Fact]
    public async Task With_redis_away_memory_and_owner_go_on()
    {
        var options = RedisConnection.Options(new DnsEndPoint("127.0.0.1", FreePorts.Block(1)));
        options.ConnectTimeout = 200;
        options.ConnectRetry = 1;
        await using var nobody = await ConnectionMultiplexer.ConnectAsync(options);
        await using var host = await CacheServiceHost.StartAsync(nobody);
        var campaign = host.Open();
        for (var i = 0; i < 3; i++) { await host.JsonAsync($"/api/campaigns/{campaign.Id}"); }
        Assert.Equal(1, host.Peers.CallsTo(Internal(campaign.Id)));
        var report = await host.JsonAsync("/health");
        Assert.Equal("degraded", report.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == "redis").GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("/api/campaigns/not-an-id", "id")]
    [InlineData("/api/campaigns/not-an-id/counts", "id")]
    [InlineData("/api/campaigns/not-an-id/events", "id")]
    [InlineData("/api/campaigns?state=ajar", "state")]
    [InlineData("/api/campaigns?state=open&state=closed", "state")]
    [InlineData("/api/campaigns?limit=0", "limit")]
    [InlineData("/api/campaigns?limit=201", "limit")]
    [InlineData("/api/campaigns?limit=-1", "limit")]
    [InlineData("/api/campaigns?limit=99999999999999999999", "limit")]
    [InlineData("/api/campaigns?after=garbage", "after")]
    [InlineData("/api/campaigns?query=%00", "query")]
    [InlineData("/api/campaigns?query=%E2%80%AE", "query")]
    public async Task What_cannot_be_used_is_a_400_that_names_it(string path, string field)
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        Assert.Equal([field], (await host.RefusedAsync(400, "invalid-request", path)).GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }
}
