using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace FirstCome.WireTests.Eureka;

/// <summary>What strangers may send: each gets its 4xx, nothing is registered, nothing breaks.</summary>
public sealed class BadInputTests
{
    [Fact]
    public async Task Bad_registrations_are_refused_and_change_nothing()
    {
        await using var server = await StartedServer.StartAsync();
        foreach (var (body, expected) in BadRegistrations())
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var answer = await server.Http.PostAsync("/eureka/apps/A", content, TestContext.Current.CancellationToken);
            Assert.True(answer.StatusCode == expected, $"{answer.StatusCode} for {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(200, body.Length)))}");
        }

        Assert.Contains("\"application\":[]", await server.JsonAsync("/eureka/apps"));
    }

    [Theory]
    [InlineData("GET", "/eureka/apps/%2e%2e/x", HttpStatusCode.NotFound)]
    [InlineData("GET", "/eureka/apps/A/%ff", HttpStatusCode.NotFound)]
    [InlineData("PUT", "/eureka/apps/A/h?lastDirtyTimestamp=99999999999999999999", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/eureka/apps/A/h/status?value=", HttpStatusCode.BadRequest)]
    [InlineData("DELETE", "/eureka/apps/A/h/status?value=%00", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/eureka/apps/A/h/metadata?k=%01", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/eureka/peerreplication/batch/", HttpStatusCode.UnsupportedMediaType)]
    public async Task Bad_requests_are_refused(string method, string path, HttpStatusCode expected)
    {
        await using var server = await StartedServer.StartAsync();
        await RegisterAsync(server, "h");
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"replicationList\":{}}")]
    [InlineData("{\"replicationList\":[1]}")]
    [InlineData("{\"replicationList\":[{}]}")]
    [InlineData("{\"replicationList\":[{\"appName\":\"A\",\"id\":1,\"action\":\"Cancel\"}]}")]
    [InlineData("{\"replicationList\":[{\"appName\":\"A\",\"id\":\"1\",\"action\":\"0\"}]}")]
    [InlineData("{\"replicationList\":[{\"appName\":\"A\",\"id\":\"1\",\"action\":\"Heartbeat\",\"lastDirtyTimestamp\":\"1\"}]}")]
    [InlineData("{\"replicationList\":[{\"appName\":\"A\",\"id\":\"1\",\"action\":\"Heartbeat\",\"lastDirtyTimestamp\":1.5}]}")]
    [InlineData("{\"replicationList\":[{\"appName\":\"A\",\"id\":\"1\",\"action\":\"Register\",\"instanceInfo\":[]}]}")]
    public async Task Batches_that_cannot_be_read_are_refused(string body)
    {
        await using var server = await StartedServer.StartAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await server.Http.PostAsync("/eureka/peerreplication/batch/", content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Batches_are_bounded_in_items_and_bytes()
    {
        await using var server = await StartedServer.StartAsync();
        const string item = "{\"appName\":\"A\",\"id\":\"1\",\"action\":\"Heartbeat\"}";
        Assert.Equal(HttpStatusCode.OK, await PostAsync($"{{\"replicationList\":[{string.Join(',', Enumerable.Repeat(item, 1000))}]}}"));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync($"{{\"replicationList\":[{string.Join(',', Enumerable.Repeat(item, 1001))}]}}"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync("{\"replicationList\":[]}" + new string(' ', 8 * 1024 * 1024)));

        async Task<HttpStatusCode> PostAsync(string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/eureka/peerreplication/batch");
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            // Else the server may close while the rest is still being sent.
            request.Headers.ExpectContinue = true;
            using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task An_id_with_an_encoded_slash_is_one_id()
    {
        await using var server = await StartedServer.StartAsync();
        await RegisterAsync(server, "a/b");
        using var answer = await server.Http.PutAsync("/eureka/apps/A/a%2Fb", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task The_page_shows_text_of_strangers_as_text()
    {
        await using var server = await StartedServer.StartAsync();
        await RegisterAsync(server, "<script>alert(1)</script>");
        var page = await server.Http.GetStringAsync("/", TestContext.Current.CancellationToken);
        Assert.Contains("&lt;script&gt;", page);
        Assert.DoesNotContain("<script", page);
    }

    [Fact]
    public async Task The_page_tells_of_instances_of_what_has_changed_and_of_peers()
    {
        await using var server = await StartedServer.StartAsync(0, new KeyValuePair<string, string?>("Discovery:Peers", "http://127.0.0.1:1/eureka"));
        await RegisterAsync(server, "stays");
        await RegisterAsync(server, "goes");
        using var left = await server.Http.DeleteAsync("/eureka/apps/A/goes", TestContext.Current.CancellationToken);
        var page = await server.Http.GetStringAsync("/", TestContext.Current.CancellationToken);
        var (instances, changes, peers) = (page.IndexOf("<h2>인스턴스", StringComparison.Ordinal), page.IndexOf("<h2>최근 변경", StringComparison.Ordinal), page.IndexOf("<h2>다른 서버", StringComparison.Ordinal));
        Assert.Contains("stays", page[instances..changes]);
        Assert.DoesNotContain("goes", page[instances..changes]);
        Assert.Contains("제거 · removed</span></td><td data-label=\"서비스 · Service\"><span>A</span></td><td data-label=\"인스턴스 · Instance\"><span>goes", page[changes..peers]);
        Assert.Contains("http://127.0.0.1:1/eureka/", page[peers..]);
        Assert.Contains("자기 보호", page);
    }

    [Fact]
    public async Task More_instances_than_allowed_are_refused_with_a_time_to_come_back()
    {
        await using var server = await StartedServer.StartAsync(0, new KeyValuePair<string, string?>("Discovery:MaxInstances", "1"));
        await RegisterAsync(server, "1");
        using var content = Registration("2");
        using var answer = await server.Http.PostAsync("/eureka/apps/A", content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    private static IEnumerable<(byte[] Body, HttpStatusCode Expected)> BadRegistrations()
    {
        const string good = """{"instance":{"hostName":"h","app":"a","ipAddr":"1.2.3.4","dataCenterInfo":{"@class":"x","name":"MyOwn"},"more":0}}""";
        string[] bodies =
        [
            "", "null", "[]", "1", "\"\"", "{", good[..^1], good + "x",
            new string('[', 60_000), "{\"instance\":" + new string('{', 60_000),
            good.Replace("\"h\"", "\"\\ud800\""), good.Replace("hostName", "host\\ud800me"),
            good.Replace("\"h\"", "{}"), good.Replace("\"h\"", "\"a\\u0000b\""),
            good.Replace("\"h\"", $"\"{new string('h', 256)}\""),
            good.Replace("\"more\":0", "\"port\":{\"$\":65536}"), good.Replace("\"more\":0", "\"port\":{\"$\":-1}"), good.Replace("\"more\":0", "\"port\":80"),
            good.Replace("\"more\":0", "\"port\":{\"$\":1e3}"), good.Replace("\"more\":0", "\"lastDirtyTimestamp\":99999999999999999999"),
            good.Replace("\"more\":0", "\"metadata\":[]"), good.Replace("\"more\":0", "\"metadata\":{\"k\":{}}"),
            good.Replace("\"more\":0", $"\"metadata\":{{\"k\":\"{new string('v', 20_000)}\"}}"), good.Replace("\"more\":0", "\"leaseInfo\":[]"),
            good.Replace("\"more\":0", $"\"homePageUrl\":\"{new string('u', 3000)}\""),
        ];
        foreach (var body in bodies) yield return (Encoding.UTF8.GetBytes(body), HttpStatusCode.BadRequest);
        yield return ([0xff, 0xfe, 0x7b], HttpStatusCode.BadRequest);
        yield return (Encoding.Latin1.GetBytes(good.Replace("\"h\"", "\"\u00e9\"")), HttpStatusCode.BadRequest);
        yield return (Encoding.UTF8.GetBytes(good + new string(' ', 70_000)), HttpStatusCode.RequestEntityTooLarge);
    }

    private static StringContent Registration(string id) => new(
        """{"instance":{"instanceId":"ID","hostName":"h","app":"a","ipAddr":"1.2.3.4","dataCenterInfo":{"@class":"x","name":"MyOwn"}}}"""
            .Replace("\"ID\"", $"\"{id}\""),
        Encoding.UTF8, "application/json");

    private static async Task RegisterAsync(StartedServer server, string id)
    {
        using var content = Registration(id);
        using var answer = await server.Http.PostAsync("/eureka/apps/A", content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }
}
