using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Coupons;
using FirstCome.Contracts.Messages;
using FirstCome.CouponService.Issuance;
using FirstCome.Engines.Log;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>From a record of <c>coupon.issued</c> to the member's coupon.</summary>
public sealed partial class CouponsIssuanceTests : IAsyncLifetime
{
    private CouponsHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await CouponsHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_record_becomes_the_members_coupon_with_the_terms_of_its_issue()
    {
        var campaign = await _host.CampaignAsync(validity: new Validity(Days: 2));
        var message = _host.Message(campaign) with { IssuedAt = new DateTimeOffset(2026, 3, 1, 15, 0, 0, TimeSpan.Zero) };
        await _host.ProduceAsync(message);
        await CountAsync(1);
        // A later version of the campaign changes no coupon.
        await _host.ExecuteAsync("UPDATE campaign SET document = REPLACE(document, '5000', '1')");

        var coupon = await TraceAsync(campaign, message.Sequence);
        Assert.Equal(message.Code, (string?)coupon["code"]);
        Assert.Equal("2026-03-04T15:00:00Z", (string?)coupon["expiresAt"]);
        var mine = (await _host.SendAsync("GET", "/api/coupons/me", _host.Token(message.MemberId))).Is(200)["items"]!.AsArray();
        Assert.Equal(5_000, (long)Assert.Single(mine)!["benefit"]!["amount"]!["minor"]!);
        Assert.Equal("2026-03-01T15:00:00Z", (string?)mine[0]!["issuedAt"]);
    }

    [Fact]
    public async Task Replays_change_nothing()
    {
        var campaign = await _host.CampaignAsync();
        var messages = Enumerable.Range(0, 60).Select(_ => _host.Message(campaign)).ToList();
        await _host.ProduceAsync(messages.Concat(messages.Take(10)));
        await CountAsync(60);
        (await _host.RedeemAsync(_host.Token(Guid.CreateVersion7(), "merchant"), messages[0].Code, "order-1", 20_000, "key-1")).Is(201);
        var before = await DumpAsync();

        _host.Time.Advance(TimeSpan.FromHours(1));
        await _host.ProduceAsync(messages);
        await _host.IssueAsync(campaign);
        await AllReadAsync();
        Assert.Equal(before, (await DumpAsync())[..before.Length]);
        Assert.Equal(61, await _host.ScalarAsync("SELECT COUNT(*) FROM coupon"));
        Assert.Equal(0, await _host.ScalarAsync("SELECT COUNT(*) FROM coupon_dead_letter"));
    }

    [Fact]
    public async Task A_batch_read_again_after_a_crash_between_database_and_log_changes_nothing()
    {
        var campaign = await _host.CampaignAsync();
        var records = Enumerable.Range(0, 30).Select(i => Record(i, Json(_host.Message(campaign)))).ToList();
        var issue = _host.Services.GetRequiredService<IssueCoupons>();
        Assert.Equal((30, 0), Counts(await issue.HandleAsync(records, CancellationToken.None)));
        var before = await DumpAsync();
        Assert.Equal((0, 30), Counts(await issue.HandleAsync(records, CancellationToken.None)));
        Assert.Equal(before, await DumpAsync());
    }

    [Fact]
    public async Task Whatever_is_broken_is_kept_with_its_reason_and_holds_nobody_up()
    {
        var campaign = await _host.CampaignAsync();
        var good = _host.Message(campaign);
        byte[][] broken =
        [
            "not json"u8.ToArray(), [], "null"u8.ToArray(), "{}"u8.ToArray(), "[1]"u8.ToArray(), [0xFF, 0xFE], Encoding.UTF8.GetBytes("{\"campaignId\":\"x\"}"),
            Json(good with { Nth = 0 }), Json(good with { Sequence = -1 }), Json(good with { IssuedAt = default }),
            Json(good with { Code = "AAAA-AAAA-AAAA-AAAA-A" }), Json(good with { Code = null! }), Json(good with { Code = good.Code.ToLowerInvariant() }),
            Json(good with { MemberId = Guid.Empty }), Json(good with { CampaignId = Guid.Empty }),
        ];
        await _host.ProduceRawAsync(broken.Select((value, i) => ($"k{i}", value)).Append(("k", Json(good))));
        await CountAsync(1);
        await AllReadAsync();
        Assert.Equal(broken.Length, await _host.ScalarAsync("SELECT COUNT(*) FROM coupon_dead_letter WHERE reason = 'malformed' AND detail <> ''"));
        Assert.Contains(_host.Logged.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("malformed", StringComparison.Ordinal));
        await CouponsHost.EventuallyAsync(async () => await IssuanceAsync() == "degraded", "health tells of what is kept");
        var (listed, path) = (new List<string>(), "/api/operations/coupon-dead-letters?limit=4");
        for (var next = ""; next is not null;)
        {
            var page = (await _host.SendAsync("GET", next.Length == 0 ? path : $"{path}&after={next}", _host.Token(Guid.CreateVersion7(), "operator"))).Is(200);
            listed.AddRange(page["items"]!.AsArray().Select(letter => $"{letter!["reason"]} {letter["value"]}"));
            next = page["next"]?.GetValue<string>();
        }
        Assert.Equal(broken.Select(value => $"malformed {Convert.ToBase64String(value)}").Order(), listed.Order());
        (await _host.SendAsync("GET", path, _host.Token(Guid.CreateVersion7()))).Is(403);
        (await _host.SendAsync("GET", path + "&after=x", _host.Token(Guid.CreateVersion7(), "operator"))).Is(400);
        await _host.ExecuteAsync("DELETE FROM coupon_dead_letter");
        await CouponsHost.EventuallyAsync(async () => await IssuanceAsync() == "ok", "health tells that nothing is kept");
    }

    [Fact]
    public async Task A_coupon_in_anothers_place_is_a_conflict_and_never_dropped_in_silence()
    {
        var campaign = await _host.CampaignAsync();
        var first = _host.Message(campaign);
        await _host.ProduceAsync(first);
        await CountAsync(1);
        await _host.ProduceAsync(
            _host.Message(campaign, first.MemberId),
            _host.Message(campaign, sequence: first.Sequence),
            _host.Message(campaign, code: first.Code));
        await CouponsHost.EventuallyAsync(
            async () => await _host.ScalarAsync("SELECT COUNT(*) FROM coupon_dead_letter WHERE reason = 'conflict'") == 3, "three conflicts are kept");
        Assert.Equal(1, await _host.ScalarAsync("SELECT COUNT(*) FROM coupon"));
    }

    [Fact]
    public async Task A_record_whose_campaign_comes_later_waits_for_it_and_holds_nobody_up()
    {
        var known = await _host.CampaignAsync();
        var late = CouponsHost.NewCampaign(_host.Time.GetUtcNow());
        var waiting = Enumerable.Range(0, 3).Select(_ => _host.Message(late)).ToList();
        await _host.ProduceAsync(waiting.Append(_host.Message(known)));
        await CountAsync(1);
        await AllReadAsync();
        Assert.Equal(3, await _host.ScalarAsync("SELECT COUNT(*) FROM coupon_dead_letter WHERE reason = 'campaign-unknown'"));

        await _host.AddAsync(late);
        await CountAsync(4);
        Assert.Equal(0, await _host.ScalarAsync("SELECT COUNT(*) FROM coupon_dead_letter"));
    }

    [Fact]
    public async Task A_database_that_fails_loses_nothing_and_is_told()
    {
        var campaign = await _host.CampaignAsync();
        // Whatever the failure is: here every insert fails until its column is back.
        await _host.ExecuteAsync("ALTER TABLE coupon RENAME COLUMN made_at TO made_at_away");
        await _host.ProduceAsync(Enumerable.Range(0, 40).Select(_ => _host.Message(campaign)));
        await CouponsHost.EventuallyAsync(async () => (await IssuanceAsync()) == "degraded", "health tells of the failure");
        await CouponsHost.EventuallyAsync(async () => FailedBatches().IsMatch((await _host.SendAsync("GET", "/metrics", null)).Text), "the metrics tell of the failure");
        Assert.Equal(0, await _host.ScalarAsync("SELECT COUNT(*) FROM coupon"));
        await _host.ExecuteAsync("ALTER TABLE coupon RENAME COLUMN made_at_away TO made_at");
        await CountAsync(40);
        await CouponsHost.EventuallyAsync(async () => (await IssuanceAsync()) == "ok", "health tells of the recovery");
    }

    [Fact]
    public async Task Sums_and_traces_are_for_services_only()
    {
        var campaign = await _host.CampaignAsync();
        var codes = new List<string>();
        for (var i = 0; i < 4; i++) { codes.Add(await _host.IssueAsync(campaign)); }
        (await _host.RedeemAsync(_host.Token(Guid.CreateVersion7(), "merchant"), codes[0], "order-1", 20_000, "key-1")).Is(201);
        (await _host.SendAsync("POST", $"/api/coupons/{codes[1]}/cancel", _host.Token(Guid.CreateVersion7(), "operator"), new { reason = "test" })).Is(200);
        var summary = $"/internal/campaigns/{campaign.Id}/coupons/summary";
        (await _host.SendAsync("GET", summary, null)).Is(401, "unauthenticated");
        Assert.Equal("""{"issued":2,"used":1,"cancelled":1,"expired":0}""", await SumAsync());
        _host.Time.Advance(TimeSpan.FromDays(40));
        Assert.Equal("""{"issued":0,"used":1,"cancelled":1,"expired":2}""", await SumAsync());
        await CouponsHost.EventuallyAsync(async () => await _host.ScalarAsync("SELECT COUNT(*) FROM coupon WHERE state = 4") == 2, "the sweep writes it down");
        Assert.Equal("""{"issued":0,"used":1,"cancelled":1,"expired":2}""", await SumAsync());
        Assert.Equal("""{"issued":0,"used":0,"cancelled":0,"expired":0}""", await SumAsync(Guid.CreateVersion7()));

        Assert.NotNull((await TraceAsync(campaign, await SequenceAsync(codes[0])))["usedAt"]);
        Assert.Equal("cancelled", (string?)(await TraceAsync(campaign, await SequenceAsync(codes[1])))["state"]);
        (await _host.AskAsync($"/internal/campaigns/{campaign.Id}/coupons?sequence=999")).Is(404, "not-found");
        (await _host.AskAsync($"/internal/campaigns/{campaign.Id}/coupons?sequence=x")).Is(400, "invalid-request");

        async Task<string> SumAsync(Guid? id = null) =>
            (await _host.AskAsync($"/internal/campaigns/{id ?? campaign.Id}/coupons/summary")).Is(200).ToJsonString();
    }

    [Fact]
    public async Task A_range_tells_the_coupons_between_two_numbers_whatever_their_state()
    {
        var campaign = await _host.CampaignAsync();
        var codes = new Dictionary<long, string>();
        for (var i = 0; i < 4; i++)
        {
            var code = await _host.IssueAsync(campaign);
            codes.Add(await SequenceAsync(code), code);
        }
        var sequences = codes.Keys.Order().ToArray();
        (await _host.SendAsync("POST", $"/api/coupons/{codes[sequences[2]]}/cancel", _host.Token(Guid.CreateVersion7(), "operator"), new { reason = "test" })).Is(200);
        var range = $"/internal/campaigns/{campaign.Id}/coupons/range?above={sequences[0]}&through={sequences[2]}";
        (await _host.SendAsync("GET", range, null)).Is(401, "unauthenticated");
        var told = (await _host.AskAsync(range)).Is(200);
        Assert.Equal(sequences[3], told["highest"]!.GetValue<long>());
        Assert.Equal(sequences[1..3].Select(sequence => (sequence, codes[sequence])), told["coupons"]!.AsArray().Select(coupon => (coupon!["sequence"]!.GetValue<long>(), coupon["code"]!.GetValue<string>())));
        (await _host.AskAsync($"/internal/campaigns/{campaign.Id}/coupons/range?above=0&through=5001")).Is(400, "invalid-request");
        (await _host.AskAsync($"/internal/campaigns/{campaign.Id}/coupons/range?above=5&through=4")).Is(400, "invalid-request");
    }

    [Fact]
    public void A_record_says_what_is_wrong_with_it()
    {
        var message = new CouponIssued(Guid.NewGuid(), Guid.NewGuid(), 1, 1, CouponCode.Create(), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
        Assert.Null(IssuedRecord.Parse(default, Json(message)).Fault);
        Assert.NotNull(IssuedRecord.Parse(default, Json(message with { Nth = 0 })).Fault);
        Assert.NotNull(IssuedRecord.Parse(default, Json(message with { Code = message.Code[..^1] + (message.Code[^1] == 'A' ? 'B' : 'A') })).Fault);
    }

    private static byte[] Json(CouponIssued message) => JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Default.CouponIssued);

    private static ConsumedRecord Record(int offset, byte[] value) => new(new LogPosition(0, offset), DateTimeOffset.UnixEpoch, "key", value, null);

    private static (int Made, int Replayed) Counts(IssuedBatch batch)
    {
        Assert.Empty(batch.DeadLetters);
        return (batch.Made, batch.Replayed);
    }

    private Task CountAsync(int coupons) =>
        CouponsHost.EventuallyAsync(async () => await _host.ScalarAsync("SELECT COUNT(*) FROM coupon") == coupons, $"{coupons} coupons are made");

    // Everything that stands in the log was read and committed by the group: a second reader of it finds nothing more.
    private async Task AllReadAsync() => await CouponsHost.EventuallyAsync(
        async () =>
        {
            var known = await _host.ScalarAsync("SELECT COUNT(*) FROM coupon");
            var marker = _host.Message(await _host.CampaignAsync());
            await _host.ProduceAsync(marker);
            await CountAsync((int)known + 1);
            await _host.ExecuteAsync("DELETE FROM coupon WHERE code = @code", new { code = marker.Code });
            return true;
        },
        "a record behind all others is read");

    private async Task<System.Text.Json.Nodes.JsonNode> TraceAsync(Campaign campaign, long sequence) =>
        (await _host.AskAsync($"/internal/campaigns/{campaign.Id}/coupons?sequence={sequence}")).Is(200);

    private Task<long> SequenceAsync(string code) => _host.ScalarAsync("SELECT sequence FROM coupon WHERE code = @code", new { code });

    private Task<string> IssuanceAsync() => _host.HealthAsync("issuance");

    private Task<string> DumpAsync() => _host.Database.ReadAsync(
        async (connection, token) =>
        {
            var text = new StringBuilder();
            using var command = connection.CreateCommand();
            command.CommandText = """
                SELECT id, code, hex(campaign_id), hex(member_id), nth, sequence, state, terms_version, issued_at, expires_at, made_at, used_at, cancelled_at,
                    hex(redemption_id), version
                FROM coupon ORDER BY id
                """;
            using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { for (var i = 0; i < rows.FieldCount; i++) { text.Append(rows.GetValue(i)).Append('|'); } text.AppendLine(); }
            return text.ToString();
        },
        CancellationToken.None);

    [GeneratedRegex("messaging_process_duration_seconds_count\\{[^}]*error_type=\"[^\"]+Exception\"")]
    private static partial Regex FailedBatches();
}
