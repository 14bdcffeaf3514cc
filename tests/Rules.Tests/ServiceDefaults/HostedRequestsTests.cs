using System.Net;
using System.Net.Sockets;
using System.Text;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FirstCome.RulesTests.ServiceDefaults;

/// <summary>What a service answers to requests that are wrong, over HTTP.</summary>
public sealed class HostedRequestsTests : IAsyncLifetime
{
    internal sealed record Order(string Name, int Count, string? Note = null);

    private TinyService _service = null!;

    public async ValueTask InitializeAsync() => _service = await TinyService.StartAsync(app =>
    {
        app.MapPost("/orders", (Order order) => Results.Ok(order));
        app.MapGet("/orders", (PageRequest page, int? minimum) => Results.Ok(new { page.Limit, page.After, minimum }));
        app.MapGet("/orders/{id}", (Guid id) => Results.Ok(id));
        app.MapGet("/needs", (int count) => Results.Ok(count));
        app.MapGet("/broken", string () => throw new InvalidOperationException("a secret of ours"));
        app.MapGet("/away", string () => throw new UnavailableException("the engine is away") { RetryAfter = TimeSpan.FromSeconds(2.5) });
        app.MapGet("/refused", () => Problems.Result(ProblemTypes.NotOpenYet, extensions: new Dictionary<string, object?> { ["opensAt"] = DateTimeOffset.UnixEpoch }));
        app.MapInternal().MapGet("/thing", () => Results.Ok("inside"));
    });

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task A_right_request_is_answered()
    {
        var answer = await _service.PostAsync("/orders", """{"name":"a","count":2}""");
        Assert.Equal(200, answer.Status);
        Assert.Equal("""{"name":"a","count":2}""", answer.Text);
    }

    [Theory]
    [InlineData("""{"name":"a","count":"2"}""", "count")]
    [InlineData("""{"name":"a","count":2,"x":1}""", "x")]
    [InlineData("""{"name":"a","count":2""", "body")]
    [InlineData("""{"name":"a"}""", "count")]
    [InlineData("", "body")]
    [InlineData("null", "body")]
    public async Task A_wrong_body_is_a_problem_that_names_the_field(string json, string field) =>
        Assert.Equal([field], (await _service.PostAsync("/orders", json)).ShouldBeProblem(400, "invalid-request"));

    [Theory]
    [InlineData("/orders?limit=0", "limit"), InlineData("/orders?limit=201", "limit"), InlineData("/orders?limit=-1", "limit"), InlineData("/orders?limit=x", "limit"), InlineData("/orders?limit=5&limit=6", "limit")]
    [InlineData("/orders?after=", "after"), InlineData("/orders?minimum=x", "minimum"), InlineData("/orders?minimum=99999999999", "minimum"), InlineData("/orders/not-an-id", "id"), InlineData("/needs", "count")]
    public async Task A_wrong_parameter_is_a_problem_that_names_it(string path, string field) =>
        Assert.Equal([field], (await _service.GetAsync(path)).ShouldBeProblem(400, "invalid-request"));

    [Fact]
    public async Task A_page_has_defaults()
    {
        Assert.Equal("""{"limit":50}""", (await _service.GetAsync("/orders")).Text);
        Assert.Equal("""{"limit":200,"after":"abc"}""", (await _service.GetAsync("/orders?limit=200&after=abc")).Text);
    }

    [Fact]
    public async Task Another_media_type_is_a_problem() =>
        (await _service.SendAsync(HttpMethod.Post, "/orders", new StringContent("a=b", Encoding.UTF8, "application/x-www-form-urlencoded"))).ShouldBeProblem(415, "unsupported-media-type");

    [Fact]
    public async Task Another_method_is_a_problem_that_names_the_right_ones()
    {
        var answer = await _service.SendAsync(HttpMethod.Delete, "/orders", null);
        answer.ShouldBeProblem(405, "method-not-allowed");
        Assert.Contains("GET", answer.Headers["Allow"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_path_is_a_problem() => (await _service.GetAsync("/nowhere")).ShouldBeProblem(404, "not-found");

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task A_huge_body_is_a_problem(bool announced)
    {
        var body = new byte[200_000];
        Array.Fill(body, (byte)' ');
        using var content = announced ? new ByteArrayContent(body) : (HttpContent)new StreamContent(new Unannounced(body));
        content.Headers.ContentType = new("application/json");
        (await _service.SendAsync(HttpMethod.Post, "/orders", content)).ShouldBeProblem(413, "payload-too-large");
    }

    [Fact]
    public async Task What_breaks_here_is_a_problem_that_tells_nothing_of_the_inside()
    {
        var answer = await _service.GetAsync("/broken");
        answer.ShouldBeProblem(500, "internal-error");
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_away_is_a_problem_that_says_when_to_ask_again()
    {
        var answer = await _service.GetAsync("/away");
        answer.ShouldBeProblem(503, "unavailable");
        Assert.Equal("3", answer.Headers["Retry-After"]);
    }

    [Fact]
    public async Task A_refusal_carries_what_its_type_adds()
    {
        var answer = await _service.GetAsync("/refused");
        answer.ShouldBeProblem(409, "not-open-yet");
        Assert.Equal("1970-01-01T00:00:00Z", answer.Json.GetProperty("opensAt").GetString());
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
    }

    [Theory]
    [InlineData(null, 401), InlineData("", 401), InlineData("another-key-for-tests-only-0123456789", 401), InlineData(TinyService.Key, 200)]
    public async Task Paths_between_services_need_the_key(string? key, int status)
    {
        var answer = key is null ? await _service.GetAsync("/internal/thing") : await _service.GetAsync("/internal/thing", (InternalApi.ServiceKeyHeader, key));
        if (status == 200) { Assert.Equal(200, answer.Status); } else { answer.ShouldBeProblem(status, "unauthenticated"); }
    }

    [Fact]
    public async Task Paths_between_services_stand_in_no_document()
    {
        var document = await _service.GetAsync("/openapi/v1.json");
        Assert.Equal(200, document.Status);
        Assert.Contains("/orders", document.Text, StringComparison.Ordinal);
        Assert.Contains("Problem", document.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("/internal", document.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("/health", document.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_instead_of_http_gets_no_5xx_and_the_service_lives_on()
    {
        foreach (var garbage in (string[])["GARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "GET /" + new string('a', 9_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nX: " + new string('a', 20_000) + "\r\n\r\n"])
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, _service.Port, TestContext.Current.CancellationToken);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(garbage), TestContext.Current.CancellationToken);
            var buffer = new byte[64];
            var read = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
            Assert.Matches("^(HTTP/1.1 (4|505)|$)", Encoding.ASCII.GetString(buffer, 0, read));
        }
        Assert.Equal(200, (await _service.GetAsync("/health/live")).Status);
    }

    /// <summary>A body whose length is not announced.</summary>
    private sealed class Unannounced(byte[] body) : MemoryStream(body)
    {
        public override bool CanSeek => false;
    }
}
