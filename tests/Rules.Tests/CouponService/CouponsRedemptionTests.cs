using System.Globalization;
using System.Net;
using FirstCome.Contracts.Campaigns;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>Redeeming, repeating, undoing and listing over HTTP.</summary>
public sealed class CouponsRedemptionTests : IAsyncLifetime
{
    private readonly Guid _member = Guid.CreateVersion7(), _merchantId = Guid.CreateVersion7(), _otherMerchantId = Guid.CreateVersion7();
    private CouponsHost _host = null!;

    private string Merchant => _host.Token(_merchantId, "merchant");

    private string OtherMerchant => _host.Token(_otherMerchantId, "merchant");

    public async ValueTask InitializeAsync() => _host = await CouponsHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_redemption_answers_with_the_discount_and_the_coupon_shows_it()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(), _member);

        var answer = await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1");
        var redemption = answer.Is(201);
        Assert.Equal(("order-1", 20_000L), ((string)redemption["orderId"]!, (long)redemption["orderAmount"]!["minor"]!));
        Assert.Equal(("KRW", 5_000L), ((string)redemption["discount"]!["currency"]!, (long)redemption["discount"]!["minor"]!));
        Assert.Equal("\"1\"", answer.ETag);
        Assert.Equal($"/api/coupons/{code}/redemptions/{redemption["id"]}", answer.Location);
        Assert.Equal(answer.Text, (await _host.SendAsync("GET", answer.Location!, Merchant)).Is(200).ToJsonString());

        var coupon = (await _host.SendAsync("GET", $"/api/coupons/{code}", _host.Token(_member))).Is(200);
        Assert.Equal("used", (string?)coupon["state"]);
        Assert.Equal((string?)redemption["redeemedAt"], (string?)coupon["usedAt"]);
        Assert.Equal((string?)redemption["id"], (string?)coupon["redemption"]!["id"]);
    }

    [Fact]
    public async Task A_repetition_answers_the_same_also_with_the_code_as_a_person_types_it()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(), _member);
        var first = await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1");
        first.Is(201);

        var again = await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1");
        again.Is(200);
        Assert.Equal((first.Text, first.ETag), (again.Text, again.ETag));
        var typed = code.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
        Assert.Equal(first.Text, (await _host.RedeemAsync(Merchant, typed, "order-1", 20_000, "key-1")).Is(200).ToJsonString());
        // Also after the coupon's time: the answer was given.
        _host.Time.Advance(TimeSpan.FromDays(40));
        Assert.Equal(first.Text, (await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1")).Text);
        Assert.Equal(1, await _host.ScalarAsync("SELECT COUNT(*) FROM redemption"));
    }

    [Fact]
    public async Task The_same_order_under_another_key_is_a_repetition_and_another_amount_is_not()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(), _member);
        var first = await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1");
        first.Is(201);
        Assert.Equal(first.Text, (await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-2")).Is(200).ToJsonString());
        (await _host.RedeemAsync(Merchant, code, "order-2", 20_000, "key-2")).Is(422, "idempotency-key-reused");
        (await _host.RedeemAsync(Merchant, code, "order-1", 20_001, "key-3")).Is(409, "coupon-used");
        (await _host.RedeemAsync(OtherMerchant, code, "order-1", 20_000, "key-1")).Is(409, "coupon-used");
    }

    [Fact]
    public async Task A_key_belongs_to_one_request_of_one_merchant()
    {
        var campaign = await _host.CampaignAsync();
        var (code, other) = (await _host.IssueAsync(campaign), await _host.IssueAsync(campaign));
        (await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1")).Is(201);
        (await _host.RedeemAsync(Merchant, code, "order-1", 20_001, "key-1")).Is(422, "idempotency-key-reused");
        (await _host.RedeemAsync(Merchant, code, "order-2", 20_000, "key-1")).Is(422, "idempotency-key-reused");
        (await _host.RedeemAsync(Merchant, other, "order-1", 20_000, "key-1")).Is(422, "idempotency-key-reused");
        (await _host.RedeemAsync(OtherMerchant, other, "order-1", 20_000, "key-1")).Is(201);
    }

    [Fact]
    public async Task A_refusal_is_not_kept_under_its_key()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync());
        (await _host.RedeemAsync(Merchant, code, "order-1", 9_999, "key-1")).Is(409, "below-minimum");
        (await _host.RedeemAsync(Merchant, code, "order-1", 10_000, "key-1")).Is(201);
    }

    [Fact]
    public async Task Of_concurrent_redemptions_exactly_one_wins()
    {
        var campaign = await _host.CampaignAsync();
        for (var round = 0; round < 5; round++)
        {
            var code = await _host.IssueAsync(campaign);
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i =>
                _host.RedeemAsync(i % 2 == 0 ? Merchant : OtherMerchant, code, $"order-{round}-{i}", 20_000, $"key-{round}-{i}")));
            Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
            Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.Created), answer => answer.Is(409, "coupon-used"));
            var held = "SELECT COUNT(*) FROM redemption r JOIN coupon c ON c.redemption_id = r.id WHERE c.code = @code";
            Assert.Equal(1, await _host.ScalarAsync(held, new { code }));
        }
        Assert.Equal(5, await _host.ScalarAsync("SELECT COUNT(*) FROM redemption"));
        Assert.Equal(5, await _host.ScalarAsync("SELECT COUNT(*) FROM redemption_key"));
    }

    [Fact]
    public async Task Of_concurrent_repetitions_one_is_new_and_all_answer_the_same()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync());
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1")));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(15, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
    }

    [Fact]
    public async Task Every_refusal_says_what_is_wrong_and_when_but_not_who()
    {
        var campaign = await _host.CampaignAsync();
        var (used, cancelled, fresh) = (await _host.IssueAsync(campaign), await _host.IssueAsync(campaign), await _host.IssueAsync(campaign));
        var first = (await _host.RedeemAsync(OtherMerchant, used, "order-1", 20_000, "key-1")).Is(201);
        (await _host.SendAsync("POST", $"/api/coupons/{cancelled}/cancel", _host.Token(Guid.CreateVersion7(), "operator"), new { reason = "test" })).Is(200);

        var refused = await _host.RedeemAsync(Merchant, used, "order-2", 20_000, "key-2");
        Assert.Equal((string?)first["redeemedAt"], (string?)refused.Is(409, "coupon-used")["usedAt"]);
        Assert.DoesNotContain(_otherMerchantId.ToString(), refused.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("order-1", refused.Text, StringComparison.Ordinal);
        Assert.NotNull((await _host.RedeemAsync(Merchant, cancelled, "order-2", 20_000, "key-2")).Is(409, "coupon-cancelled")["cancelledAt"]);
        Assert.Equal(10_000, (long)(await _host.RedeemAsync(Merchant, fresh, "order-2", 9_999, "key-2")).Is(409, "below-minimum")["minimumOrder"]!["minor"]!);
        Assert.Equal("KRW", (string?)(await _host.RedeemAsync(Merchant, fresh, "order-2", 20_000, "key-2", "USD")).Is(409, "currency-mismatch")["currency"]);
        _host.Time.Advance(TimeSpan.FromDays(40));
        Assert.NotNull((await _host.RedeemAsync(Merchant, fresh, "order-2", 20_000, "key-2")).Is(409, "coupon-expired")["expiresAt"]);
    }

    [Fact]
    public async Task A_rehearsals_coupon_is_worth_nothing_and_stands_in_no_list()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(rehearsal: true), _member);
        (await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1")).Is(409, "coupon-not-redeemable");
        Assert.Empty((await _host.SendAsync("GET", "/api/redemptions", Merchant)).Is(200)["items"]!.AsArray());
        Assert.Empty((await _host.SendAsync("GET", "/api/coupons/me", _host.Token(_member))).Is(200)["items"]!.AsArray());
    }

    [Fact]
    public async Task A_gift_says_what_to_give()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(new Benefit(Benefit.GiftKind, Name: new LocalizedText("컵", "cup"))));
        var redemption = (await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1", "USD")).Is(201);
        Assert.Equal(("USD", 0L), ((string)redemption["discount"]!["currency"]!, (long)redemption["discount"]!["minor"]!));
        Assert.Equal("컵", (string?)redemption["benefit"]!["name"]!["ko"]);
    }

    [Fact]
    public async Task Undone_by_its_merchant_a_coupon_is_good_for_another_order()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(), _member);
        var redemption = (await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1")).Is(201);
        var undo = $"/api/coupons/{code}/redemptions/{redemption["id"]}/undo";

        (await _host.SendAsync("POST", undo, OtherMerchant)).Is(404, "not-found");
        var undone = await _host.SendAsync("POST", undo, Merchant);
        Assert.NotNull(undone.Is(200)["undoneAt"]);
        Assert.Equal("\"2\"", undone.ETag);
        Assert.Equal(undone.Text, (await _host.SendAsync("POST", undo, Merchant)).Text);
        var coupon = (await _host.SendAsync("GET", $"/api/coupons/{code}", _host.Token(_member))).Is(200);
        Assert.Equal("issued", (string?)coupon["state"]);
        Assert.Null(coupon["usedAt"]);
        Assert.Null(coupon["redemption"]);

        // The old key still names the old redemption; it redeems nothing anew.
        Assert.Equal(undone.Text, (await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1")).Is(200).ToJsonString());
        var second = (await _host.RedeemAsync(OtherMerchant, code, "order-2", 20_000, "key-1")).Is(201);
        Assert.Equal(undone.Text, (await _host.SendAsync("POST", undo, Merchant)).Text);
        Assert.Equal((string?)second["id"], (string?)(await _host.SendAsync("GET", $"/api/coupons/{code}", _host.Token(_member))).Is(200)["redemption"]!["id"]);
    }

    [Fact]
    public async Task Undone_after_its_time_a_coupon_is_expired()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(), _member);
        var redemption = (await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1")).Is(201);
        _host.Time.Advance(TimeSpan.FromDays(40));
        (await _host.SendAsync("POST", $"/api/coupons/{code}/redemptions/{redemption["id"]}/undo", Merchant)).Is(200);
        Assert.Equal("expired", (string?)(await _host.SendAsync("GET", $"/api/coupons/{code}", _host.Token(_member))).Is(200)["state"]);
        Assert.Equal(4, await _host.ScalarAsync("SELECT state FROM coupon WHERE code = @code", new { code }));
    }

    [Fact]
    public async Task Concurrent_undoings_and_redemptions_leave_one_holder_or_none()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync());
        for (var round = 0; round < 5; round++)
        {
            var redemption = (await _host.RedeemAsync(Merchant, code, $"order-{round}", 20_000, $"key-{round}")).Is(201);
            var undo = $"/api/coupons/{code}/redemptions/{redemption["id"]}/undo";
            var undoing = Enumerable.Range(0, 4).Select(_ => _host.SendAsync("POST", undo, Merchant));
            var redeeming = Enumerable.Range(0, 4).Select(i => _host.RedeemAsync(OtherMerchant, code, $"other-{round}-{i}", 20_000, $"other-{round}-{i}"));
            var answers = await Task.WhenAll(undoing.Concat(redeeming));
            Assert.All(answers.Take(4), answer => answer.Is(200));
            var winner = answers.Skip(4).Where(answer => answer.Status == HttpStatusCode.Created).ToList();
            Assert.True(winner.Count <= 1);
            Assert.Equal(winner.Count, await _host.ScalarAsync("SELECT COUNT(*) FROM redemption WHERE undone_at IS NULL"));
            foreach (var answer in winner) { (await _host.SendAsync("POST", answer.Location + "/undo", OtherMerchant)).Is(200); }
        }
    }

    [Fact]
    public async Task A_day_is_a_day_in_Seoul_and_shows_ones_own_redemptions_in_pages()
    {
        var campaign = await _host.CampaignAsync();
        // Noon in Seoul, so that the day does not end while the test runs.
        var now = _host.Time.GetUtcNow();
        _host.Time.Advance(now.UtcDateTime.Date.AddDays(1).AddHours(3) - now.UtcDateTime);
        var today = _host.Time.GetUtcNow().ToOffset(TimeSpan.FromHours(9)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var yesterday = _host.Time.GetUtcNow().AddDays(-1).ToOffset(TimeSpan.FromHours(9)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        for (var i = 0; i < 5; i++) { (await _host.RedeemAsync(Merchant, await _host.IssueAsync(campaign), $"order-{i}", 20_000, $"key-{i}")).Is(201); }
        (await _host.RedeemAsync(OtherMerchant, await _host.IssueAsync(campaign), "order-x", 20_000, "key-x")).Is(201);
        // The first of the day's milliseconds in Seoul and the last before it, in UTC.
        var start = new DateTimeOffset(_host.Time.GetUtcNow().UtcDateTime.Date.AddHours(-9), TimeSpan.Zero).ToUnixTimeMilliseconds();
        await _host.ExecuteAsync("UPDATE redemption SET redeemed_at = @at WHERE order_id = 'order-0'", new { at = start });
        await _host.ExecuteAsync("UPDATE redemption SET redeemed_at = @at WHERE order_id = 'order-1'", new { at = start - 1 });
        // Two in one millisecond stand in one order.
        await _host.ExecuteAsync("UPDATE redemption SET redeemed_at = @at WHERE order_id IN ('order-2', 'order-3')", new { at = start + 5 });

        var orders = new List<string>();
        string? next = null;
        do
        {
            var page = (await _host.SendAsync("GET", $"/api/redemptions?day={today}&limit=1{(next is null ? "" : $"&after={next}")}", Merchant)).Is(200);
            orders.Add((string)Assert.Single(page["items"]!.AsArray())!["orderId"]!);
            next = (string?)page["next"];
        }
        while (next is not null);
        Assert.Equal(["order-0", "order-2", "order-3", "order-4"], orders);
        Assert.Equal(4, (await _host.SendAsync("GET", "/api/redemptions", Merchant)).Is(200)["items"]!.AsArray().Count);
        var before = (await _host.SendAsync("GET", $"/api/redemptions?day={yesterday}", Merchant)).Is(200)["items"]!.AsArray();
        Assert.Equal("order-1", (string?)Assert.Single(before)!["orderId"]);
    }

    [Fact]
    public async Task Keys_are_forgotten_after_their_time_and_the_order_stays_a_repetition()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync());
        var first = await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1");
        first.Is(201);
        _host.Time.Advance(TimeSpan.FromDays(6.9));
        (await _host.RedeemAsync(Merchant, code, "order-2", 20_000, "key-1")).Is(422, "idempotency-key-reused");
        _host.Time.Advance(TimeSpan.FromDays(0.2));
        await CouponsHost.EventuallyAsync(async () => await _host.ScalarAsync("SELECT COUNT(*) FROM redemption_key") == 0, "the key is forgotten");
        (await _host.RedeemAsync(Merchant, code, "order-2", 20_000, "key-1")).Is(409, "coupon-used");
        Assert.Equal(first.Text, (await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1")).Is(200).ToJsonString());
    }

    [Fact]
    public async Task If_Match_is_honoured_where_it_is_sent()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(), _member);
        var tag = (await _host.SendAsync("GET", $"/api/coupons/{code}", Merchant)).ETag!;
        var body = new { orderId = "order-1", orderAmount = new { currency = "KRW", minor = 20_000 } };
        var path = $"/api/coupons/{code}/redemptions";
        (await _host.SendAsync("POST", path, Merchant, body, ("Idempotency-Key", "key-1"), ("If-Match", "\"999\""))).Is(412, "precondition-failed");
        (await _host.SendAsync("POST", path, Merchant, body, ("Idempotency-Key", "key-1"), ("If-Match", "garbage"))).Is(400, "invalid-request");
        var redeemed = await _host.SendAsync("POST", path, Merchant, body, ("Idempotency-Key", "key-1"), ("If-Match", tag));
        redeemed.Is(201);
        Assert.NotEqual(tag, (await _host.SendAsync("GET", $"/api/coupons/{code}", Merchant)).ETag);
        (await _host.SendAsync("POST", redeemed.Location + "/undo", Merchant, null, ("If-Match", "\"7\""))).Is(412, "precondition-failed");
        (await _host.SendAsync("POST", redeemed.Location + "/undo", Merchant, """{"force":true}""")).Is(400, "invalid-request");
        (await _host.SendAsync("POST", redeemed.Location + "/undo", Merchant, "{}", ("If-Match", "\"1\""))).Is(200);
    }
}
