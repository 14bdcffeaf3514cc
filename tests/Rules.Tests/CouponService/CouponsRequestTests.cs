using System.Globalization;
using System.Text.Json.Nodes;
using FirstCome.Contracts.Coupons;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>Who may do what, what is listed, and every kind of bad input: each is a 4xx that says what to change, and nothing is written.</summary>
public sealed class CouponsRequestTests : IAsyncLifetime
{
    private static readonly string[] Roles = ["member", "merchant", "operator", "admin"];

    private readonly Guid _member = Guid.CreateVersion7();
    private CouponsHost _host = null!;

    private string Merchant => _host.Token(Guid.CreateVersion7(), "merchant");

    private string Operator => _host.Token(Guid.CreateVersion7(), "operator");

    public async ValueTask InitializeAsync() => _host = await CouponsHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Ones_own_coupons_come_newest_first_in_pages_and_by_state()
    {
        var codes = new List<string>();
        for (var i = 0; i < 5; i++) { codes.Insert(0, await _host.IssueAsync(await _host.CampaignAsync(), _member)); }
        await _host.IssueAsync(await _host.CampaignAsync());
        (await _host.RedeemAsync(Merchant, codes[1], "order-1", 20_000, "key-1")).Is(201);

        var listed = new List<string>();
        string? next = null;
        do
        {
            var page = (await _host.SendAsync("GET", $"/api/coupons/me?limit=2{(next is null ? "" : $"&after={next}")}", _host.Token(_member))).Is(200);
            listed.AddRange(page["items"]!.AsArray().Select(item => (string)item!["code"]!));
            next = (string?)page["next"];
        }
        while (next is not null);
        Assert.Equal(codes, listed);
        Assert.Equal([codes[1]], await CodesAsync("used"));
        Assert.Equal([codes[0], codes[2], codes[3], codes[4]], await CodesAsync("issued"));
        Assert.Empty(await CodesAsync("expired"));
        _host.Time.Advance(TimeSpan.FromDays(40));
        Assert.Equal([codes[0], codes[2], codes[3], codes[4]], await CodesAsync("expired"));
        Assert.Empty(await CodesAsync("issued"));

        async Task<IEnumerable<string>> CodesAsync(string state)
        {
            var page = (await _host.SendAsync("GET", $"/api/coupons/me?state={state}", _host.Token(_member))).Is(200);
            return page["items"]!.AsArray().Select(item => (string)item!["code"]!);
        }
    }

    [Fact]
    public async Task A_coupon_is_for_its_member_for_merchants_and_for_operators()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(), _member);
        var redeemer = Merchant;
        (await _host.RedeemAsync(redeemer, code, "order-1", 20_000, "key-1")).Is(201);
        var path = $"/api/coupons/{code}";
        Assert.NotNull((await _host.SendAsync("GET", path, _host.Token(_member))).Is(200)["redemption"]);
        Assert.NotNull((await _host.SendAsync("GET", path, Operator)).Is(200)["redemption"]);
        Assert.NotNull((await _host.SendAsync("GET", path, redeemer)).Is(200)["redemption"]);
        var other = (await _host.SendAsync("GET", path, Merchant)).Is(200);
        Assert.Null(other["redemption"]);
        Assert.NotNull(other["usedAt"]);
        (await _host.SendAsync("GET", path, _host.Token(Guid.CreateVersion7()))).Is(404, "not-found");
        (await _host.SendAsync("GET", path, _host.Token(Guid.CreateVersion7(), "admin"))).Is(404, "not-found");
        (await _host.SendAsync("GET", path, null)).Is(401, "unauthenticated");
        var typed = $"/api/coupons/{code.Replace('-', ' ').ToLowerInvariant()}";
        Assert.Equal((await _host.SendAsync("GET", path, Operator)).Text, (await _host.SendAsync("GET", typed, Operator)).Text);
    }

    [Fact]
    public async Task Roles_are_asked_of_everybody()
    {
        var campaign = await _host.CampaignAsync();
        var code = await _host.IssueAsync(campaign, _member);
        var id = Guid.CreateVersion7();
        (string Method, string Path, string? Role)[] endpoints =
        [
            ("GET", "/api/coupons/me", null), ("GET", $"/api/coupons/{code}", null), ("POST", $"/api/coupons/{code}/redemptions", "merchant"),
            ("GET", $"/api/coupons/{code}/redemptions/{id}", "merchant"), ("POST", $"/api/coupons/{code}/redemptions/{id}/undo", "merchant"),
            ("GET", "/api/redemptions", "merchant"),
            ("POST", $"/api/coupons/{code}/cancel", "operator"),
        ];
        foreach (var (method, path, role) in endpoints)
        {
            var body = method == "POST" ? "{}" : null;
            (await _host.SendAsync(method, path, null, body)).Is(401, "unauthenticated");
            (await _host.SendAsync(method, path, "garbage.garbage.garbage", body)).Is(401, "unauthenticated");
            (await _host.SendAsync(method, path, _host.Token(_member, role, age: TimeSpan.FromHours(1)), body)).Is(401, "unauthenticated");
            (await _host.SendAsync(method, path, _host.Token(_member, role, rehearsal: campaign.Id), body)).Is(403, "forbidden");
            foreach (var other in Roles.Where(other => role is not null && other != role))
            {
                (await _host.SendAsync(method, path, _host.Token(_member, other), body)).Is(403, "forbidden");
            }
        }
    }

    [Theory]
    [InlineData("0000-0000-0000-0000-1")]
    [InlineData("0000-0000-0000-000")]
    [InlineData("nope")]
    [InlineData("%20")]
    [InlineData("..%2F..%2Fetc%2Fpasswd")]
    [InlineData("0000-0000-0000-0000-0-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000")]
    [InlineData("'%20OR%201=1--")]
    [InlineData("쿠폰")]
    public async Task A_code_that_none_can_have_is_404_with_a_hint(string code)
    {
        foreach (var (method, path, token, body) in new[]
        {
            ("GET", $"/api/coupons/{code}", Operator, null), ("POST", $"/api/coupons/{code}/cancel", Operator, """{"reason":"test"}"""),
            ("POST", $"/api/coupons/{code}/redemptions", Merchant, """{"orderId":"a","orderAmount":{"currency":"KRW","minor":1}}"""),
        })
        {
            var answer = await _host.SendAsync(method, path, token, body, ("Idempotency-Key", "key-1"));
            answer.Is(404, "not-found");
        }
        Assert.Contains("character", (string)(await _host.SendAsync("GET", "/api/coupons/nope", Operator)).Json["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_that_nobody_holds_is_404()
    {
        var code = CouponCode.Create();
        (await _host.SendAsync("GET", $"/api/coupons/{code}", Operator)).Is(404, "not-found");
        (await _host.SendAsync("POST", $"/api/coupons/{code}/cancel", Operator, new { reason = "test" })).Is(404, "not-found");
        (await _host.RedeemAsync(Merchant, code, "order-1", 20_000, "key-1")).Is(404, "not-found");
        (await _host.SendAsync("GET", $"/api/coupons/{code}/redemptions/{Guid.CreateVersion7()}", Merchant)).Is(404, "not-found");
        (await _host.SendAsync("POST", $"/api/coupons/{code}/redemptions/{Guid.CreateVersion7()}/undo", Merchant)).Is(404, "not-found");
        (await _host.SendAsync("POST", $"/api/coupons/{code}/redemptions/not-an-id/undo", Merchant)).Is(404, "not-found");
        Assert.Equal(0, await _host.ScalarAsync("SELECT COUNT(*) FROM redemption_key"));
    }

    [Theory]
    [InlineData("""{}""", "orderId", "orderAmount")]
    [InlineData("""{"orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":"a"}""", "orderAmount")]
    [InlineData("""{"orderId":"a","orderAmount":{}}""", "orderAmount.currency", "orderAmount.minor")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"KRW","minor":1},"extra":1}""", "extra")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"KRW","minor":1,"extra":1}}""", "orderAmount.extra")]
    [InlineData("""{"orderId":"a","orderId":"b","orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":1,"orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":null,"orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":"a","orderAmount":null}""", "orderAmount")]
    [InlineData("""{"orderId":"","orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":"a b","orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":" a","orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":"a\u0000","orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":"a\u202e","orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":"a\u200b","orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":"a\ud800","orderAmount":{"currency":"KRW","minor":1}}""")]
    [InlineData("""{"orderId":"01234567890123456789012345678901234567890123456789012345678901234","orderAmount":{"currency":"KRW","minor":1}}""", "orderId")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"KRW","minor":0}}""", "orderAmount.minor")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"KRW","minor":-1}}""", "orderAmount.minor")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"KRW","minor":1.5}}""", "orderAmount.minor")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"KRW","minor":"1"}}""", "orderAmount.minor")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"KRW","minor":9007199254740992}}""", "orderAmount.minor")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"KRW","minor":99999999999999999999999}}""", "orderAmount.minor")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"krw","minor":1}}""", "orderAmount.currency")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"XYZ","minor":1}}""", "orderAmount.currency")]
    [InlineData("""{"orderId":"a","orderAmount":[1]}""", "orderAmount")]
    [InlineData("""[]""")]
    [InlineData("""null""")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"KRW","minor":1}""")]
    [InlineData("""{"orderId":"a","orderAmount":{"currency":"KRW","minor":1},}""")]
    [InlineData("""not json""")]
    [InlineData("""{{{{{{{{{{{{{{{{{{{{{{{{""")]
    public async Task A_wrong_order_is_400_and_names_the_fields(string body, params string[] fields)
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync());
        var answer = await _host.SendAsync("POST", $"/api/coupons/{code}/redemptions", Merchant, body, ("Idempotency-Key", "key-1"));
        var problem = answer.Is(400, "invalid-request");
        Assert.NotEmpty(problem["errors"]!.AsObject());
        foreach (var field in fields) { Assert.True(problem["errors"]!.AsObject().ContainsKey(field), $"{field} in {problem}"); }
        Assert.Equal(0, await _host.ScalarAsync("SELECT COUNT(*) FROM redemption_key"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890")]
    public async Task A_wrong_key_is_400_and_names_the_header(string? key)
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync());
        (string, string)[] headers = key is null ? [] : [("Idempotency-Key", key)];
        var body = """{"orderId":"a","orderAmount":{"currency":"KRW","minor":20000}}""";
        var path = $"/api/coupons/{code}/redemptions";
        Assert.NotNull((await _host.SendAsync("POST", path, Merchant, body, headers)).Is(400, "invalid-request")["errors"]!["Idempotency-Key"]);
        var twice = await _host.SendAsync("POST", path, Merchant, body, ("Idempotency-Key", "a"), ("Idempotency-Key", "b"));
        Assert.NotNull(twice.Is(400, "invalid-request")["errors"]!["Idempotency-Key"]);
    }

    [Theory]
    [InlineData("""{}""", "reason")]
    [InlineData("""{"reason":""}""", "reason")]
    [InlineData("""{"reason":"   "}""", "reason")]
    [InlineData("""{"reason":null}""", "reason")]
    [InlineData("""{"reason":5}""", "reason")]
    [InlineData("""{"reason":"a\u0007"}""", "reason")]
    [InlineData("""{"reason":"ok","force":true}""", "force")]
    public async Task A_wrong_reason_is_400_and_cancels_nothing(string body, string field)
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync());
        Assert.NotNull((await _host.SendAsync("POST", $"/api/coupons/{code}/cancel", Operator, body)).Is(400, "invalid-request")["errors"]![field]);
        Assert.Equal(1, await _host.ScalarAsync("SELECT state FROM coupon WHERE code = @code", new { code }));
    }

    [Theory]
    [InlineData("/api/coupons/me?state=lost", "state")]
    [InlineData("/api/coupons/me?state=", "state")]
    [InlineData("/api/coupons/me?state=used&state=issued", "state")]
    [InlineData("/api/coupons/me?limit=0", "limit")]
    [InlineData("/api/coupons/me?limit=201", "limit")]
    [InlineData("/api/coupons/me?limit=x", "limit")]
    [InlineData("/api/coupons/me?after=x", "after")]
    [InlineData("/api/coupons/me?after=WyJ4Il0", "after")]
    [InlineData("/api/coupons/me?after=WyItMSJd", "after")]
    [InlineData("/api/redemptions?day=2026-13-01", "day")]
    [InlineData("/api/redemptions?day=2026-1-1", "day")]
    [InlineData("/api/redemptions?day=", "day")]
    [InlineData("/api/redemptions?day=0001-01-01", "day")]
    [InlineData("/api/redemptions?day=9999-12-31", "day")]
    [InlineData("/api/redemptions?day=today", "day")]
    [InlineData("/api/redemptions?after=WyIxIiwieCJd", "after")]
    [InlineData("/api/redemptions?limit=-1", "limit")]
    public async Task A_wrong_query_is_400_and_names_the_parameter(string path, string field) =>
        Assert.NotNull((await _host.SendAsync("GET", path, Merchant)).Is(400, "invalid-request")["errors"]![field]);

    [Fact]
    public async Task Huge_bodies_and_wrong_types_and_methods_have_their_own_problems()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync());
        var path = $"/api/coupons/{code}/redemptions";
        var huge = $$"""{"orderId":"{{new string('a', 70_000)}}"}""";
        (await _host.SendAsync("POST", path, Merchant, huge, ("Idempotency-Key", "key-1"))).Is(413, "payload-too-large");
        (await _host.SendAsync("DELETE", path, Merchant)).Is(405, "method-not-allowed");
        (await _host.SendAsync("POST", path, Merchant, null, ("Idempotency-Key", "key-1"))).Is(400, "invalid-request");
        (await _host.SendAsync("GET", $"/api/coupons/{code}/nothing", Merchant)).Is(404, "not-found");
    }

    [Fact]
    public async Task Whatever_is_refused_leaves_no_secret_in_the_logs()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(releaseCancelled: true));
        var token = Merchant;
        (await _host.RedeemAsync(token, code, "order-1", 20_000, "key-of-the-order")).Is(201);
        (await _host.SendAsync("POST", $"/api/coupons/{code}/cancel", Operator, new { reason = "test" })).Is(409, "coupon-used");
        var broken = await _host.SendAsync("POST", $"/api/coupons/{code}/redemptions", token, "not json", ("Idempotency-Key", "key-of-the-order"));
        broken.Is(400, "invalid-request");
        foreach (var secret in new[] { token, code, "key-of-the-order", CouponsHost.ServiceKey })
        {
            Assert.DoesNotContain(_host.Logged.Lines, line => line.Contains(secret, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Instants_are_told_in_utc()
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(), _member);
        var coupon = (await _host.SendAsync("GET", $"/api/coupons/{code}", _host.Token(_member))).Is(200);
        foreach (var instant in new[] { (string)coupon["issuedAt"]!, (string)coupon["expiresAt"]! })
        {
            Assert.EndsWith("Z", instant, StringComparison.Ordinal);
            Assert.Equal(TimeSpan.Zero, DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture).Offset);
        }
    }

    [Fact]
    public async Task The_document_tells_what_each_request_takes()
    {
        var document = (await _host.SendAsync("GET", "/openapi/v1.json", null)).Is(200);
        var paths = document["paths"]!.AsObject();
        Assert.DoesNotContain(paths, path => path.Key.StartsWith("/internal", StringComparison.Ordinal));
        Assert.Equal(["code", "Idempotency-Key"], Parameters(paths["/api/coupons/{code}/redemptions"]!["post"]!));
        Assert.Equal(["state", "limit", "after"], Parameters(paths["/api/coupons/me"]!["get"]!));
        Assert.Equal(["day", "limit", "after"], Parameters(paths["/api/redemptions"]!["get"]!));
        Assert.EndsWith("/RedeemRequest", Body("/api/coupons/{code}/redemptions"), StringComparison.Ordinal);
        Assert.EndsWith("/CancelRequest", Body("/api/coupons/{code}/cancel"), StringComparison.Ordinal);
        Assert.Equal("string", (string?)document["components"]!["schemas"]!["Coupon"]!["properties"]!["expiresAt"]!["type"]);

        static IEnumerable<string> Parameters(JsonNode operation) => operation["parameters"]!.AsArray().Select(parameter => (string)parameter!["name"]!);
        string Body(string path) => (string)paths[path]!["post"]!["requestBody"]!["content"]!["application/json"]!["schema"]!["$ref"]!;
    }
}
