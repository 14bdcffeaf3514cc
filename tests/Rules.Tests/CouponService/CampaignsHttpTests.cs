using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using FirstCome.Contracts.Campaigns;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>Campaigns over HTTP: who may, what is answered, and that what is refused leaves nothing behind.</summary>
public sealed class CampaignsHttpTests
{
    [Fact]
    public async Task A_campaign_is_made_as_a_draft_and_shown_as_the_API_says()
    {
        await using var host = await CampaignsHost.StartAsync();
        var answer = await host.SendAsync("POST", "/api/campaigns", CampaignsInputs.Valid(host.Clock.GetUtcNow()));
        var campaign = answer.Is(201).AsObject();
        Assert.Equal(
            ["id", "state", "name", "description", "quota", "perMember", "opensAt", "closesAt", "timeZone", "benefit", "validity", "audience", "group", "rehearsal", "releaseCancelled"],
            campaign.Select(member => member.Key));
        Assert.Equal(("draft", "\"1\"", $"/api/campaigns/{campaign["id"]}"), ((string?)campaign["state"], answer.ETag, answer.Location));
        Assert.Equal(7, Guid.Parse((string)campaign["id"]!).Version);
        Assert.EndsWith("Z", (string?)campaign["opensAt"], StringComparison.Ordinal);
        Assert.Empty(host.Peers.Ordered);
        Assert.Equal([1], await host.PublishedAsync((Guid)campaign["id"]!));
    }

    [Fact]
    public async Task Only_operators_may()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync();
        (string Method, string Path)[] requests =
        [
            ("POST", "/api/campaigns"), ("PATCH", $"/api/campaigns/{id}"), ("POST", $"/api/campaigns/{id}/schedule"), ("PUT", $"/api/campaigns/{id}/audience/members"), ("GET", $"/api/campaigns/{id}/history"),
        ];
        foreach (var (method, path) in requests)
        {
            var isCsv = method == "PUT";
            (await host.SendAsync(method, path, null, method == "GET" ? null : isCsv ? CampaignsHost.Csv("email\n") : CampaignsHost.Json("{}"))).Is(401, "unauthenticated");
            foreach (var role in (string[])["member", "merchant", "admin"])
            {
                (await host.SendAsync(method, path, host.Token(Guid.CreateVersion7(), role), method == "GET" ? null : isCsv ? CampaignsHost.Csv("email\n") : CampaignsHost.Json("{}"))).Is(403, "forbidden");
            }
        }
        Assert.Equal(1, await host.CountAsync("campaign_history"));
    }

    [Theory]
    [InlineData("", "body")]
    [InlineData("nonsense", "body")]
    [InlineData("[]", "body")]
    [InlineData("null", "body")]
    [InlineData("{\"quota\":1,}", "body")]
    [InlineData("{\"quota\":\"1\"}", "quota")]
    [InlineData("{\"quota\":1e99}", "quota")]
    [InlineData("{\"opensAt\":\"tomorrow\"}", "opensAt")]
    [InlineData("{\"opensAt\":\"2030-01-01T00:00:00\"}", "opensAt")]
    [InlineData("{\"colour\":\"red\"}", "colour")]
    [InlineData("{\"benefit\":{\"amount\":{\"minor\":9999999999999999999}}}", "benefit.amount.minor")]
    [InlineData("{\"audience\":[{\"anyOf\":[1]}]}", "audience[0].anyOf[0]")]
    [InlineData("{\"name\":{\"ko\":\"\\ud800\",\"en\":\"a\"}}", "name.ko")]
    public async Task What_cannot_be_read_is_a_400_that_says_where(string body, string field)
    {
        await using var host = await CampaignsHost.StartAsync();
        Assert.Equal([field], (await host.SendAsync("POST", "/api/campaigns", body)).Fields);
        Assert.Equal(0, await host.CountAsync("campaign"));
    }

    [Fact]
    public async Task Bodies_of_another_type_or_too_large_are_refused()
    {
        await using var host = await CampaignsHost.StartAsync();
        (await host.SendAsync("POST", "/api/campaigns", CampaignsHost.Csv("{}"))).Is(415, "unsupported-media-type");
        (await host.SendAsync("POST", "/api/campaigns", $"{{\"group\":\"{new string('a', 70_000)}\"}}")).Is(413, "payload-too-large");
        Assert.Equal(0, await host.CountAsync("campaign"));
    }

    [Fact]
    public async Task A_body_that_arrives_in_many_segments_is_read_as_a_whole()
    {
        await using var host = await CampaignsHost.StartAsync();
        for (var padding = 3_900; padding < 4_200; padding += 7)
        {
            var json = CampaignsInputs.Valid(host.Clock.GetUtcNow());
            json["description"] = new JsonObject { ["ko"] = new string('a', padding - 400), ["en"] = "" };
            (await host.SendAsync("POST", "/api/campaigns", json)).Is(201);
        }
    }

    [Fact]
    public async Task A_change_needs_the_version_it_is_based_on()
    {
        await using var host = await CampaignsHost.StartAsync();
        var path = $"/api/campaigns/{await host.CreateAsync()}";
        (await host.SendAsync("PATCH", path, "{\"quota\":5}")).Is(428, "precondition-required");
        (await host.SendAsync("PATCH", path, "{\"quota\":5}", "\"2\"")).Is(412, "precondition-failed");
        Assert.Equal(["If-Match"], (await host.SendAsync("PATCH", path, "{\"quota\":5}", "2")).Fields);
        (await host.SendAsync("POST", $"{path}/schedule", null, "\"2\"")).Is(412, "precondition-failed");
        (await host.SendAsync("PATCH", $"/api/campaigns/{Guid.CreateVersion7()}", "{\"quota\":5}", "\"1\"")).Is(404, "campaign-unknown");
        Assert.Equal(["id"], (await host.SendAsync("PATCH", "/api/campaigns/7", "{\"quota\":5}", "\"1\"")).Fields);
        Assert.Equal(["quota", "closesAt"], (await host.SendAsync("PATCH", path, "{\"quota\":0,\"closesAt\":\"2200-01-01T00:00:00Z\"}", "\"1\"")).Fields);
        Assert.Equal(1, await host.CountAsync("campaign_history"));
    }

    [Fact]
    public async Task A_draft_changes_field_by_field_without_the_gate()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync();
        var changed = await host.SendAsync("PATCH", $"/api/campaigns/{id}", "{\"quota\":5,\"group\":null,\"benefit\":{\"kind\":\"freeShipping\"}}", "\"1\"");
        var campaign = changed.Is(200);
        Assert.Equal(("\"2\"", 5, null, "freeShipping", 2), (changed.ETag, (int)campaign["quota"]!, campaign["group"], (string?)campaign["benefit"]!["kind"], (int)campaign["perMember"]!));
        Assert.Equal("\"2\"", (await host.SendAsync("PATCH", $"/api/campaigns/{id}", "{\"quota\":5}", "\"2\"")).ETag);
        (await host.SendAsync("PATCH", $"/api/campaigns/{id}", "{\"rehearsal\":true}", "\"2\"")).Is(409, "illegal-transition");
        Assert.Equal("1:create 2:change", await host.HistoryAsync(id));
        Assert.Empty(host.Peers.Ordered);
        Assert.Equal([1, 2], await host.PublishedAsync(id));
    }

    [Fact]
    public async Task Each_transition_has_reached_the_gate_when_it_is_answered()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync();
        (string Action, string State, CampaignPhase Phase)[] steps =
        [
            ("schedule", "open", CampaignPhase.Active), ("pause", "paused", CampaignPhase.Paused), ("resume", "open", CampaignPhase.Active), ("close", "closed", CampaignPhase.Closed),
            ("archive", "archived", CampaignPhase.Archived),
        ];
        var version = 1;
        foreach (var (action, state, phase) in steps)
        {
            var answer = await host.SendAsync("POST", $"/api/campaigns/{id}/{action}", action == "pause" ? "{}" : null, $"\"{version++}\"");
            Assert.Equal((state, $"\"{version}\""), ((string?)answer.Is(200)["state"], answer.ETag));
            Assert.Equal((version, phase), (host.Peers.Taken.Last().Version, host.Peers.Taken.Last().Phase));
        }
        Assert.Equal("1:create 2:schedule 3:pause 4:resume 5:close 6:archive", await host.HistoryAsync(id));
        Assert.Equal([1, 2, 3, 4, 5, 6], await host.PublishedAsync(id));
        Assert.Equal((0, 0), (await host.CountAsync("campaign_change"), await host.CountAsync("campaign_outbox")));
    }

    [Fact]
    public async Task An_illegal_transition_tells_from_where_to_where()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync();
        var problem = (await host.SendAsync("POST", $"/api/campaigns/{id}/pause")).Is(409, "illegal-transition");
        Assert.Equal(("draft", "paused"), ((string?)problem["from"], (string?)problem["to"]));
        Assert.Equal(["x"], (await host.SendAsync("POST", $"/api/campaigns/{id}/schedule", "{\"x\":1}")).Fields);
        host.Clock.Advance(TimeSpan.FromDays(2));
        problem = (await host.SendAsync("POST", $"/api/campaigns/{id}/schedule")).Is(409, "illegal-transition");
        Assert.Equal(("draft", "open"), ((string?)problem["from"], (string?)problem["to"]));
        (await host.SendAsync("POST", $"/api/campaigns/{Guid.CreateVersion7()}/schedule")).Is(404, "campaign-unknown");
        Assert.Equal("1:create", await host.HistoryAsync(id));
        Assert.Empty(host.Peers.Ordered);
    }

    [Theory]
    [InlineData(null, "", ""), InlineData("text/plain", "", ""), InlineData("application/json", "", ""), InlineData("application/json", " { } ", ""), InlineData("text/plain", "{}", "")]
    [InlineData("application/json", "null", "body"), InlineData("application/json", "[]", "body"), InlineData("application/json", "{", "body"), InlineData("application/json", "{\"x\":1,\"y\":2}", "x,y")]
    [InlineData("application/x-www-form-urlencoded", "x=1", "body")]
    public async Task An_action_takes_no_body_or_an_empty_object(string? type, string body, string refused)
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync();
        var content = type is null ? null : new StringContent(body, MediaTypeHeaderValue.Parse(type));
        var answer = await host.SendAsync("POST", $"/api/campaigns/{id}/schedule", host.OperatorToken, content);
        if (refused.Length == 0) { answer.Is(200); } else { Assert.Equal(refused, string.Join(',', answer.Fields)); }
        Assert.Equal(["body"], (await host.SendAsync("POST", $"/api/campaigns/{id}/pause", host.OperatorToken, CampaignsHost.Json(new string(' ', 2_000)))).Fields);
    }

    [Fact]
    public async Task What_members_were_promised_is_fixed_once_scheduled()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.OpenAsync();
        var problem = (await host.SendAsync("PATCH", $"/api/campaigns/{id}", "{\"quota\":5,\"perMember\":1,\"validity\":{\"days\":1}}", "\"2\"")).Is(409, "illegal-transition");
        Assert.Equal(("open", "perMember,validity"), ((string?)problem["from"], string.Join(',', problem["fixed"]!.AsArray())));
        Assert.Contains("perMember, validity are fixed once the campaign is scheduled", (string?)problem["detail"], StringComparison.Ordinal);
        Assert.Equal(100, (await host.StandingAsync(id)).Quota);
    }

    [Fact]
    public async Task A_live_window_moves_at_the_gate_first()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.OpenAsync();
        var later = host.Clock.GetUtcNow().AddDays(3);
        (await host.SendAsync("PATCH", $"/api/campaigns/{id}", new { closesAt = later }, "\"2\"")).Is(200);
        Assert.Equal((3, DateTimeOffset.FromUnixTimeMilliseconds(later.ToUnixTimeMilliseconds())), (host.Peers.Taken.Last().Version, host.Peers.Taken.Last().ClosesAt));
        Assert.Equal(["closesAt"], (await host.SendAsync("PATCH", $"/api/campaigns/{id}", new { closesAt = host.Clock.GetUtcNow().AddSeconds(-1) }, "\"3\"")).Fields);
        Assert.Equal(["closesAt"], (await host.SendAsync("PATCH", $"/api/campaigns/{id}", new { closesAt = host.Clock.GetUtcNow().AddDays(367) }, "\"3\"")).Fields);
    }

    [Fact]
    public async Task The_clock_opens_and_closes_without_a_new_version()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync(json => json["opensAt"] = host.Clock.GetUtcNow().AddHours(1));
        Assert.Equal("scheduled", (string?)(await host.SendAsync("POST", $"/api/campaigns/{id}/schedule")).Is(200)["state"]);
        host.Clock.Advance(TimeSpan.FromHours(2));
        var same = await host.SendAsync("PATCH", $"/api/campaigns/{id}", "{}", "\"2\"");
        Assert.Equal(("open", "\"2\""), ((string?)same.Is(200)["state"], same.ETag));
        host.Clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal("closed", (string?)(await host.SendAsync("POST", $"/api/campaigns/{id}/pause")).Is(409, "illegal-transition")["from"]);
        Assert.Equal("archived", (string?)(await host.SendAsync("POST", $"/api/campaigns/{id}/archive")).Is(200)["state"]);
    }

    [Fact]
    public async Task Of_many_changes_based_on_one_version_one_is_made()
    {
        await using var host = await CampaignsHost.StartAsync();
        foreach (var id in (Guid[])[await host.CreateAsync(), await host.OpenAsync()])
        {
            var version = (await host.StandingAsync(id)).Version;
            var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => host.SendAsync("PATCH", $"/api/campaigns/{id}", new { quota = 200 + i }, $"\"{version}\"")));
            Assert.Equal((1, 11), (answers.Count(answer => (int)answer.Status == 200), answers.Count(answer => (int)answer.Status == 412)));
            Assert.Equal(version + 1, (await host.StandingAsync(id)).Version);
        }
    }

    [Fact]
    public async Task The_history_tells_who_when_before_and_after_page_by_page()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.OpenAsync();
        for (var i = 0; i < 5; i++) { (await host.SendAsync("PATCH", $"/api/campaigns/{id}", new { quota = 200 + i }, "*")).Is(200); }
        var entries = new List<JsonNode>();
        string? after = null;
        do
        {
            var page = (await host.SendAsync("GET", $"/api/campaigns/{id}/history?limit=3{(after is null ? "" : $"&after={after}")}")).Is(200);
            entries.AddRange(page["items"]!.AsArray().Select(entry => entry!));
            after = (string?)page["next"];
        }
        while (after is not null);
        Assert.Equal([7, 6, 5, 4, 3, 2, 1], entries.Select(entry => (int)entry["version"]!));
        Assert.All(entries, entry => Assert.Equal(host.Operator, (Guid)entry["by"]!));
        Assert.Equal(("change", "quota", 203, 204), Of(entries[0]));
        Assert.Equal(("change", "quota", 100, 200), Of(entries[4]));
        Assert.Equal(("schedule", "state", "draft", "open"), ((string?)entries[5]["action"], Changed(entries[5]), (string?)entries[5]["before"]!["state"], (string?)entries[5]["after"]!["state"]));
        Assert.Equal(("create", ""), ((string?)entries[6]["action"], Changed(entries[6])));
        Assert.True(entries[6].AsObject().ContainsKey("before") && entries[6]["before"] is null);
        (await host.SendAsync("GET", $"/api/campaigns/{Guid.CreateVersion7()}/history")).Is(404, "campaign-unknown");
        Assert.Equal(["after"], (await host.SendAsync("GET", $"/api/campaigns/{id}/history?after=x")).Fields);
        Assert.Equal(["limit"], (await host.SendAsync("GET", $"/api/campaigns/{id}/history?limit=0")).Fields);

        static string Changed(JsonNode entry) => string.Join(',', entry["changed"]!.AsArray());
        static (string?, string, int, int) Of(JsonNode entry) => ((string?)entry["action"], Changed(entry), (int)entry["before"]!["quota"]!, (int)entry["after"]!["quota"]!);
    }
}
