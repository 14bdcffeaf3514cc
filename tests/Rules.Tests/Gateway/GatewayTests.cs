using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using FirstCome.Authentication;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using FirstCome.RulesTests.Authentication;
using FirstCome.RulesTests.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FirstCome.RulesTests.Gateway;

/// <summary>The gateway over HTTP, before services that tell what reached them.</summary>
public sealed partial class GatewayTests : IAsyncLifetime
{
    private readonly Edge _edge = new();

    public ValueTask InitializeAsync() => _edge.InitializeAsync();

    public ValueTask DisposeAsync() => _edge.DisposeAsync();

    [Theory]
    [InlineData("/internal/campaigns"), InlineData("/internal/users/resolve"), InlineData("/INTERNAL/campaigns"), InlineData("/api/../internal/campaigns"), InlineData("/%69nternal/campaigns")]
    [InlineData("/api/nothing"), InlineData("/eureka/apps"), InlineData("/api/campaigns/1/nothing"), InlineData("/.well-known/other")]
    public async Task What_is_not_public_reaches_nobody(string path)
    {
        Registered.Set(_edge.Gateway.Services, [.. ((string[])["cache-service", "coupon-service", "issue-service", "user-service"]).Select(service => (service, _edge.One.Port))]);
        (await RawAsync(path)).ShouldBe(404, "not-found");
        Assert.Equal(0, _edge.Reached);
    }

    [Fact]
    public async Task Another_method_is_refused_with_the_right_ones()
    {
        var answer = await _edge.Gateway.SendAsync(HttpMethod.Put, "/api/campaigns", null);
        answer.ShouldBeProblem(405, "method-not-allowed");
        Assert.Equal("GET, HEAD, POST", answer.Headers["Allow"]);
    }

    [Fact]
    public async Task A_path_that_needs_a_token_is_refused_at_the_edge()
    {
        Registered.Set(_edge.Gateway.Services, ("issue-service", _edge.One.Port), ("user-service", _edge.One.Port));
        await _edge.KeysAsync();
        var reached = _edge.Reached;
        (await _edge.Gateway.PostAsync("/api/campaigns/1/claims", null)).ShouldBeProblem(401, "unauthenticated");
        (await _edge.Gateway.PostAsync("/api/campaigns/1/claims", null, ("Authorization", "Bearer " + _edge.Token()[..^3]))).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(reached, _edge.Reached);
        Assert.Equal(200, (await _edge.Gateway.PostAsync("/api/campaigns/1/claims", null, ("Authorization", "Bearer " + _edge.Token(("rehearsal", Guid.NewGuid().ToString()))))).Status);
    }

    [Fact]
    public async Task The_gateway_vouches_for_signatures_that_it_has_verified_and_believes_nobody_who_does()
    {
        Registered.Set(_edge.Gateway.Services, ("cache-service", _edge.One.Port), ("issue-service", _edge.One.Port), ("user-service", _edge.One.Port));
        await _edge.KeysAsync();
        var vouchers = _edge.Gateway.Services.GetRequiredService<TokenVouchers>();
        string Voucher(string token) => vouchers.Of(TokenHash.Of(Encoding.ASCII.GetBytes(token)));
        var (token, forged) = (_edge.Token(), _edge.Token()[..^4] + "AAAA");
        // Validated anew, and remembered.
        for (var i = 0; i < 2; i++)
        {
            var answer = await _edge.Gateway.GetAsync("/api/campaigns", ("Authorization", "Bearer " + token), (InternalApi.TokenVoucherHeader, "theirs"));
            Assert.Contains($"{InternalApi.TokenVoucherHeader}={Voucher(token)};", answer.Text, StringComparison.Ordinal);
        }
        var open = await _edge.Gateway.GetAsync("/api/campaigns", ("Authorization", "Bearer " + forged), (InternalApi.TokenVoucherHeader, Voucher(forged)));
        Assert.DoesNotContain(InternalApi.TokenVoucherHeader, open.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(InternalApi.TokenVoucherHeader, (await _edge.Gateway.GetAsync("/api/campaigns", (InternalApi.TokenVoucherHeader, Voucher(token)))).Text, StringComparison.Ordinal);
        (await _edge.Gateway.PostAsync("/api/campaigns/1/claims", null, ("Authorization", "Bearer " + forged), (InternalApi.TokenVoucherHeader, Voucher(forged)))).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Headers_that_only_the_gateway_may_set_are_not_passed_on()
    {
        Registered.Set(_edge.Gateway.Services, ("cache-service", _edge.One.Port), ("web", _edge.One.Port));
        var answer = await _edge.Gateway.GetAsync("/api/campaigns", (InternalApi.ServiceKeyHeader, "stolen"), ("X-Forwarded-For", "9.9.9.9"), ("Forwarded", "for=9.9.9.9"), ("X-Real-IP", "9.9.9.9"), ("X-Custom", "kept"));
        Assert.DoesNotContain("stolen", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("9.9.9.9", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Forwarded-For", answer.Text, StringComparison.Ordinal);
        var page = await _edge.Gateway.GetAsync("/", ("X-Forwarded-For", "9.9.9.9"), ("X-Forwarded-Host", "evil.example"));
        Assert.Contains("X-Forwarded-For=127.0.0.1;", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", page.Text, StringComparison.Ordinal);
        Assert.Contains("X-Custom=kept;", answer.Text, StringComparison.Ordinal);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_caller_decides_what_is_traced_only_where_callers_are_trusted(bool trusted)
    {
        // With the whole of tracing: it reads the headers a second time. Nobody listens at that address.
        var gateway = await _edge.GatewayAsync($"--Gateway:TrustIncomingTrace={trusted}", "--OTEL_TRACES_SAMPLER=parentbased_always_off", "--OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9");
        Registered.Set(gateway.Services, ("cache-service", _edge.One.Port));
        // A client of this process would put its own trace in their place.
        var answer = await RawAsync("/api/campaigns", gateway, "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: theirs=1\r\nbaggage: theirs=2\r\n");
        Assert.Single(Traceparent().Matches(answer.Text));
        if (trusted)
        {
            Assert.Matches("traceparent=00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01;", answer.Text);
            Assert.Contains("tracestate=theirs=1;", answer.Text, StringComparison.Ordinal);
        }
        else
        {
            Assert.Matches("traceparent=00-[0-9a-f]{32}-[0-9a-f]{16}-00;", answer.Text);
            Assert.DoesNotContain("0af7651916cd43dd8448eb211c80319c", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("theirs", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Forwarded_addresses_count_from_trusted_proxies_only()
    {
        var gateway = await _edge.GatewayAsync("--Gateway:TrustedProxies:0=127.0.0.0/8", "--Gateway:AddressBurst=2", "--Gateway:AddressRate=0.1");
        Registered.Set(gateway.Services, ("web", _edge.One.Port));
        Assert.Contains("X-Forwarded-For=9.9.9.9;", (await gateway.GetAsync("/console", ("X-Forwarded-For", "9.9.9.9"))).Text, StringComparison.Ordinal);
        Assert.Equal(200, (await gateway.GetAsync("/console", ("X-Forwarded-For", "9.9.9.9"))).Status);
        (await gateway.GetAsync("/console", ("X-Forwarded-For", "9.9.9.9"))).ShouldBeProblem(429, "too-many-requests");
        Assert.Equal(200, (await gateway.GetAsync("/console", ("X-Forwarded-For", "9.9.9.8"))).Status);
    }

    [Theory]
    [InlineData("GET", "/api/campaigns"), InlineData("POST", "/api/users")]
    public async Task Without_an_instance_the_answer_is_unavailable(string method, string path)
    {
        var answer = await _edge.Gateway.SendAsync(new HttpMethod(method), path, null);
        answer.ShouldBeProblem(503, "unavailable");
        Assert.True(int.Parse(answer.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) >= 1);
    }

    [Fact]
    public async Task A_dead_instance_is_unavailable_and_one_beside_a_live_one_is_avoided()
    {
        var dead = ServiceClientsTests.ClosedPort();
        Registered.Set(_edge.Gateway.Services, ("cache-service", dead), ("user-service", dead));
        (await _edge.Gateway.GetAsync("/api/campaigns")).ShouldBeProblem(503, "unavailable");
        Registered.Set(_edge.Gateway.Services, ("cache-service", dead), ("cache-service", _edge.One.Port), ("user-service", dead), ("user-service", _edge.One.Port));
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await _edge.Gateway.GetAsync("/api/campaigns")).Status);
            // A body that was not sent may go to another instance.
            Assert.Equal(200, (await _edge.Gateway.PostAsync("/api/users", """{"a":1}""")).Status);
        }
    }

    [Fact]
    public async Task Several_instances_share_the_work_and_a_change_of_the_registry_counts_at_once()
    {
        Registered.Set(_edge.Gateway.Services, ("cache-service", _edge.One.Port), ("cache-service", _edge.Two.Port));
        Assert.Equal(["one", "two"], await ReachedAsync(40));
        Registered.Set(_edge.Gateway.Services, ("cache-service", _edge.Two.Port));
        Assert.Equal(["two"], await ReachedAsync(10));

        async Task<IEnumerable<string>> ReachedAsync(int times)
        {
            var reached = new List<string>();
            for (var i = 0; i < times; i++) { reached.Add((await _edge.Gateway.GetAsync("/api/campaigns")).Text.Split(' ')[0]); }
            return reached.Distinct().Order(StringComparer.Ordinal);
        }
    }

    [Fact]
    public async Task A_broken_connection_is_tried_again_where_that_is_safe()
    {
        Registered.Set(_edge.Gateway.Services, ("cache-service", _edge.One.Port), ("cache-service", _edge.Two.Port), ("user-service", _edge.One.Port), ("user-service", _edge.Two.Port));
        var answer = await _edge.Gateway.GetAsync("/api/campaigns/break-once");
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(2, _edge.Reached);
        (await _edge.Gateway.PostAsync("/api/users?break-once", "{}")).ShouldBeProblem(503, "unavailable");
        Assert.Equal(3, _edge.Reached);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task A_body_too_large_is_refused(bool announced)
    {
        Registered.Set(_edge.Gateway.Services, ("user-service", _edge.One.Port));
        using HttpContent content = announced ? new ByteArrayContent(new byte[70_000]) : new StreamContent(new Unannounced(new byte[300_000]));
        (await _edge.Gateway.SendAsync(HttpMethod.Post, "/api/users", content)).ShouldBeProblem(413, "payload-too-large");
    }

    [Fact]
    public async Task A_list_of_members_may_be_larger()
    {
        Registered.Set(_edge.Gateway.Services, ("coupon-service", _edge.One.Port), ("user-service", _edge.One.Port));
        await _edge.KeysAsync();
        using var content = new ByteArrayContent(new byte[3_000_000]);
        var answer = await _edge.Gateway.SendAsync(HttpMethod.Put, "/api/campaigns/1/audience/members", content, ("Authorization", "Bearer " + _edge.Token()));
        Assert.Contains("length=3000000;", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Members_are_limited_by_their_tokens_and_not_by_their_address()
    {
        var gateway = await _edge.GatewayAsync("--Gateway:MemberBurst=3", "--Gateway:MemberRate=0.1", "--Gateway:AddressBurst=1", "--Gateway:AddressRate=0.1");
        Registered.Set(gateway.Services, ("issue-service", _edge.One.Port), ("user-service", _edge.One.Port));
        await _edge.KeysAsync(gateway);
        foreach (var member in (Guid[])[Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()])
        {
            for (var i = 0; i < 3; i++) { Assert.Equal(200, (await ClaimAsync(member)).Status); }
            var refused = await ClaimAsync(member);
            refused.ShouldBeProblem(429, "too-many-requests");
            Assert.Equal("10", refused.Headers["Retry-After"]);
        }
        await gateway.PostAsync("/api/campaigns/1/claims", null, ("Authorization", "Bearer nothing-of-a-token"));
        (await gateway.PostAsync("/api/campaigns/1/claims", null, ("Authorization", "Bearer nothing-of-a-token"))).ShouldBeProblem(429, "too-many-requests");

        // Another token each time: what counts is the member.
        Task<Answer> ClaimAsync(Guid member) => gateway.PostAsync("/api/campaigns/1/claims", null, ("Authorization", "Bearer " + _edge.Token(("sub", member.ToString()), ("jti", Guid.NewGuid().ToString()))));
    }

    [Theory]
    [InlineData("/"), InlineData("/campaigns/0199d1f0-1111-7000-8000-000000000001"), InlineData("/wallet"), InlineData("/assets/1234/app.js"), InlineData("/api/time")]
    public async Task Pages_and_their_files_are_had_where_an_address_has_asked_for_all_else_that_it_may(string path)
    {
        var gateway = await _edge.GatewayAsync("--Gateway:AddressBurst=1", "--Gateway:AddressRate=0.1", "--Gateway:PageBurst=30", "--Gateway:PageRate=0.1");
        Registered.Set(gateway.Services, ("web", _edge.One.Port), ("cache-service", _edge.One.Port));
        Assert.Equal(200, (await gateway.GetAsync("/api/campaigns")).Status);
        (await gateway.GetAsync("/api/campaigns")).ShouldBeProblem(429, "too-many-requests");
        for (var i = 0; i < 30; i++) { Assert.Equal(200, (await gateway.GetAsync(path)).Status); }
        // A bound all the same.
        (await gateway.GetAsync(path)).ShouldBeProblem(429, "too-many-requests");
    }

    [Theory]
    [InlineData("/console"), InlineData("/problems"), InlineData("/other")]
    public async Task What_is_no_members_page_counts_as_before(string path)
    {
        var gateway = await _edge.GatewayAsync("--Gateway:AddressBurst=1", "--Gateway:AddressRate=0.1");
        Registered.Set(gateway.Services, ("web", _edge.One.Port));
        Assert.Equal(200, (await gateway.GetAsync(path)).Status);
        (await gateway.GetAsync(path)).ShouldBeProblem(429, "too-many-requests");
    }

    [Fact]
    public async Task Failed_sign_ins_are_limited_by_address()
    {
        var gateway = await _edge.GatewayAsync("--Gateway:SignInFailureBurst=3", "--Gateway:SignInFailureRate=1");
        Registered.Set(gateway.Services, ("user-service", _edge.One.Port));
        for (var i = 0; i < 10; i++) { Assert.Equal(200, (await gateway.PostAsync("/api/auth/sign-in", "{}")).Status); }
        for (var i = 0; i < 3; i++) { Assert.Equal(401, (await gateway.PostAsync("/api/auth/sign-in?fail", "{}")).Status); }
        (await gateway.PostAsync("/api/auth/sign-in", "{}")).ShouldBeProblem(429, "too-many-requests");
        Assert.Equal(200, (await gateway.PostAsync("/api/users", "{}")).Status);
    }

    [Fact]
    public async Task Browsers_are_told_what_pages_and_answers_may_do()
    {
        Registered.Set(_edge.Gateway.Services, ("cache-service", _edge.One.Port), ("web", _edge.One.Port));
        foreach (var path in (string[])["/api/campaigns", "/api/nothing", "/", "/problems/sold-out", "/api/time"])
        {
            var headers = (await _edge.Gateway.GetAsync(path)).Headers;
            Assert.Equal("nosniff", headers["X-Content-Type-Options"]);
            Assert.Contains("frame-ancestors 'none'", headers["Content-Security-Policy"], StringComparison.Ordinal);
            Assert.DoesNotContain("Server", headers.Keys);
        }
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", (await _edge.Gateway.GetAsync("/api/campaigns")).Headers["Content-Security-Policy"]);
        // A service that says it itself is not contradicted.
        Assert.Equal("default-src 'self' 'nonce-1'", (await _edge.Gateway.GetAsync("/own-policy")).Headers["Content-Security-Policy"]);
    }

    [Fact]
    public async Task Other_origins_may_call_only_where_they_are_configured()
    {
        var gateway = await _edge.GatewayAsync("--Gateway:CorsOrigins:0=https://shop.example");
        Registered.Set(gateway.Services, ("cache-service", _edge.One.Port));
        (string, string)[] preflight = [("Origin", "https://shop.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,idempotency-key")];
        var allowed = await gateway.SendAsync(HttpMethod.Options, "/api/campaigns/1/claims", null, preflight);
        Assert.Equal("https://shop.example", allowed.Headers["Access-Control-Allow-Origin"]);
        Assert.Equal("https://shop.example", (await gateway.GetAsync("/api/campaigns", ("Origin", "https://shop.example"))).Headers["Access-Control-Allow-Origin"]);
        preflight[0] = ("Origin", "https://evil.example");
        Assert.DoesNotContain("Access-Control-Allow-Origin", (await gateway.SendAsync(HttpMethod.Options, "/api/campaigns/1/claims", null, preflight)).Headers.Keys);
        Assert.DoesNotContain("Access-Control-Allow-Origin", (await _edge.Gateway.GetAsync("/api/time", ("Origin", "https://shop.example"))).Headers.Keys);
    }

    [Fact]
    public async Task Every_problem_has_its_page_in_both_languages()
    {
        foreach (var type in ProblemTypes.All)
        {
            var page = await _edge.Gateway.GetAsync(type.Uri);
            Assert.Equal((200, "text/html"), (page.Status, page.MediaType));
            Assert.Contains(WebUtility.HtmlEncode(type.MeaningKo), page.Text, StringComparison.Ordinal);
            Assert.Contains(WebUtility.HtmlEncode(type.MeaningEn), page.Text, StringComparison.Ordinal);
        }
        (await _edge.Gateway.GetAsync("/problems/unheard-of")).ShouldBeProblem(404, "not-found");
        Assert.Contains("sold-out", (await _edge.Gateway.GetAsync("/problems")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_clock_is_told()
    {
        var answer = await _edge.Gateway.GetAsync("/api/time");
        Assert.InRange((DateTimeOffset.UtcNow - answer.Json.GetProperty("now").GetDateTimeOffset()).TotalSeconds, -5, 5);
        Assert.EndsWith("Z", answer.Json.GetProperty("now").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_document_tells_the_api_of_every_service()
    {
        Registered.Set(_edge.Gateway.Services, ("cache-service", _edge.One.Port), ("gateway", _edge.Gateway.Port));
        var answer = await _edge.Gateway.GetAsync("/openapi.json");
        Assert.Equal(200, answer.Status);
        Assert.True(answer.Json.GetProperty("paths").TryGetProperty("/api/time", out _), answer.Text);
        Assert.True(answer.Json.GetProperty("paths").TryGetProperty("/api/described", out _), answer.Text);
        Assert.DoesNotContain("/health", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_to_try_the_api_brings_all_it_needs()
    {
        var page = await _edge.Gateway.GetAsync("/api-docs");
        Assert.Equal(200, page.Status);
        foreach (Match script in Script().Matches(page.Text))
        {
            var asset = await _edge.Gateway.GetAsync(script.Groups[1].Value);
            Assert.Equal(200, asset.Status);
            Assert.Contains("javascript", asset.MediaType, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("https://", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_whole_is_healthy_when_every_service_is_and_degraded_when_one_goes_later()
    {
        var gateway = await _edge.GatewayAsync("--Gateway:RequiredServices=cache-service,web");
        Assert.Equal(503, (await gateway.GetAsync("/health")).Status);
        Registered.Set(gateway.Services, ("cache-service", _edge.One.Port));
        Assert.Equal(503, (await gateway.GetAsync("/health")).Status);
        (string, int)[] whole = [("cache-service", _edge.One.Port), ("web", _edge.Two.Port), ("user-service", _edge.One.Port)];
        Registered.Set(gateway.Services, whole);
        await TokenService.UntilAsync(async () => (await gateway.GetAsync("/health")).Json.GetProperty("status").GetString() == "ok", "the whole is healthy");
        Registered.Set(gateway.Services, whole[1..]);
        await TokenService.UntilAsync(async () => (await gateway.GetAsync("/health")).Text.Contains("cache-service is not registered", StringComparison.Ordinal), "the missing service is told");
        Assert.Equal(200, (await gateway.GetAsync("/health")).Status);
    }

    /// <summary>Sends a path as it stands, which a client library would tidy up.</summary>
    private async Task<(int Status, string Text)> RawAsync(string path, TinyService? gateway = null, string headers = "")
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, (gateway ?? _edge.Gateway).Port, TestContext.Current.CancellationToken);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var text = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        return (int.Parse(text.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), text);
    }

    [GeneratedRegex("<script src=\"([^\"]+)\"")]
    private static partial Regex Script();

    [GeneratedRegex("traceparent=")]
    private static partial Regex Traceparent();

    private sealed class Unannounced(byte[] body) : MemoryStream(body)
    {
        public override bool CanSeek => false;
    }
}

file static class RawAnswers
{
    public static void ShouldBe(this (int Status, string Text) answer, int status, string slug)
    {
        Assert.True(answer.Status == status, answer.Text);
        Assert.Contains("/problems/" + slug, answer.Text, StringComparison.Ordinal);
    }
}
