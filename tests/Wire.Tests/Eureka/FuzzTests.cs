using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Xml.Linq;
using FirstCome.Eureka.Wire;
using Xunit;

namespace FirstCome.WireTests.Eureka;

/// <summary>
/// Bytes that no client sends: what is meant badly is refused, what is broken at random never breaks the server, and what it then gives out can be read.
/// <c>FIRSTCOME_FUZZ_SEED</c> repeats a run.
/// </summary>
public sealed class FuzzTests
{
    private const int Requests = 600;

    private const string Json =
        """{"instance":{"instanceId":"i","hostName":"h","app":"A","ipAddr":"1.2.3.4","status":"UP","port":{"$":80,"@enabled":"true"},"countryId":1,"dataCenterInfo":{"@class":"x","name":"MyOwn"},"leaseInfo":{"durationInSecs":90},"metadata":{"k":"v"},"lastDirtyTimestamp":"1"}}""";

    private const string Xml =
        """<?xml version="1.0"?><instance><instanceId>x</instanceId><hostName>h</hostName><app>A</app><ipAddr>1</ipAddr><status>UP</status><port enabled="true">80</port><dataCenterInfo class="x"><name>MyOwn</name></dataCenterInfo><metadata><k_.0041>v</k_.0041></metadata></instance>""";

    private const string Batch =
        """{"replicationList":[{"appName":"A","id":"i","lastDirtyTimestamp":1,"status":"UP","action":"Heartbeat"},{"appName":"A","id":"i","action":"Register","instanceInfo":{"instanceId":"i","hostName":"h","app":"A","ipAddr":"1","dataCenterInfo":{"@class":"x","name":"MyOwn"}}}]}""";

    private static readonly string[] Pieces =
    [
        "..", "%2e%2e", "%2E%2e%2f", "%252e", "%00", "\0", "%", "%ff", "%c0%af", "\\", "%5c", "//", "?", "#", "{", "}", "[", "]", "<", ">", "&", "&x;", "\"", "'", ":", ",", "null", "-1",
        "1e999", "99999999999999999999", "\ud55c", "\\ud800", "\\u0000", "&#0;", "&#xD800;", "<!DOCTYPE a>", "<![CDATA[", "]]>", "<a>", "</a>", "true", "{}", "[[[[", "_.FFFF", "\uFFFE",
    ];

    private static readonly string[] Paths =
    [
        "/eureka/apps", "/eureka/apps/delta", "/eureka/apps/A", "/eureka/apps/A/i", "/eureka/apps/A/i/status?value=DOWN&lastDirtyTimestamp=1", "/eureka/apps/A/i/metadata?k=v",
        "/eureka/instances/i", "/eureka/vips/v", "/eureka/svips/v", "/eureka/v2/apps/A/i?status=UP&lastDirtyTimestamp=1", "/eureka/peerreplication/batch/",
    ];

    public static TheoryData<string, string> Bombs { get; } = new()
    {
        { "a document type", Xml.Replace("<instance>", "<!DOCTYPE instance><instance>") },
        { "an external entity", Xml.Replace("<instance>", "<!DOCTYPE i [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><instance>").Replace(">h<", ">&x;<") },
        { "an external document type", Xml.Replace("<instance>", "<!DOCTYPE i SYSTEM \"http://127.0.0.1:1/x.dtd\"><instance>") },
        { "entities of entities", Xml.Replace("<instance>", $"<!DOCTYPE i [<!ENTITY a \"{new string('a', 1000)}\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]><instance>").Replace(">h<", ">&b;<") },
        { "an unknown entity", Xml.Replace(">h<", ">&x;<") },
        { "depth", "<instance>" + string.Concat(Enumerable.Repeat("<metadata>", 5000)) },
        { "depth that is closed", string.Concat(Enumerable.Repeat("<instance>", 3000)) + string.Concat(Enumerable.Repeat("</instance>", 3000)) },
        { "a null character", Xml.Replace(">h<", ">\0<") },
        { "a null reference", Xml.Replace(">h<", ">&#0;<") },
        { "half a surrogate", Xml.Replace(">h<", ">&#xD800;<") },
        { "an unknown encoding", Xml.Replace("version=\"1.0\"", "version=\"1.0\" encoding=\"nothing\"") },
        { "two roots", Xml + "<instance/>" },
        { "an end that is missing", Xml[..^3] },
        { "text for an object", Xml.Replace("<name>MyOwn</name>", "MyOwn") },
        { "an object for text", Xml.Replace("<k_.0041>v<", "<k_.0041><a/><") },
        { "a port out of range", Xml.Replace(">80<", ">65536<") },
        { "text for a number", Xml.Replace(">80<", ">eighty<") },
        { "nothing", "" },
        { "another root", "<other/>" },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public async Task Xml_that_is_meant_badly_is_400(string what, string body)
    {
        await using var server = await StartedServer.StartAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/xml");
        using var answer = await server.Http.PostAsync("/eureka/apps/A", content, TestContext.Current.CancellationToken);
        Assert.True((int)answer.StatusCode == 400, $"{answer.StatusCode} for {what}");
        Assert.DoesNotContain("root:", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains("\"application\":[]", await server.JsonAsync("/eureka/apps"));
    }

    [Fact]
    public async Task Whatever_is_sent_is_never_5xx_and_what_is_given_out_can_be_read()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("FIRSTCOME_FUZZ_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"FIRSTCOME_FUZZ_SEED={seed}");
        var random = new Random(seed);
        await using var server = await StartedServer.StartAsync();
        var wrong = new List<string>();
        for (var i = 0; i < Requests; i++)
        {
            var request = Request(random);
            var status = await StatusAsync(server.Port, request);
            // 0: the server has closed the connection without an answer, as it may where no HTTP is spoken.
            if (status is >= 500 or < 0) wrong.Add($"{status} for {Encoding.Latin1.GetString(request.AsSpan(0, Math.Min(500, request.Length)))}");
        }

        Assert.True(wrong.Count == 0, $"FIRSTCOME_FUZZ_SEED={seed}\n{string.Join('\n', wrong)}");
        foreach (var path in (string[])["/eureka/apps", "/eureka/apps/delta"])
        {
            EurekaJsonReader.Applications(Encoding.UTF8.GetBytes(await server.JsonAsync(path)));
            XDocument.Parse(await server.Http.GetStringAsync(path, TestContext.Current.CancellationToken));
        }

        Assert.Contains("</html>", await server.Http.GetStringAsync("/", TestContext.Current.CancellationToken));
    }

    private static byte[] Request(Random random)
    {
        var (body, type, path) = random.Next(4) switch
        {
            0 => (Json, "application/json", "/eureka/apps/A"),
            1 => (Xml, "application/xml", "/eureka/apps/A"),
            2 => (Batch, "application/json", "/eureka/peerreplication/batch/"),
            _ => ("", "application/json", Paths[random.Next(Paths.Length)]),
        };
        if (body.Length == 0 || random.Next(10) == 0) path = Broken(random, path);
        var bytes = Encoding.UTF8.GetBytes(body.Length == 0 ? "" : Broken(random, body));
        if (bytes.Length > 0 && random.Next(3) == 0) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        if (bytes.Length > 0 && random.Next(20) == 0) bytes = [.. bytes, .. new byte[70_000]];
        string[] methods = ["GET", "PUT", "DELETE", "POST", "OPTIONS", "HEAD"];
        var method = body.Length > 0 ? "POST" : methods[random.Next(methods.Length)];
        string[] accepts = ["", "Accept: application/json\r\n", "Accept: application/xml\r\n", "Accept: text/html\r\n", "Accept: a;b,,*/*;\r\n", "Accept: x/y+json\r\n"];
        var head = $"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: {type}\r\n{accepts[random.Next(accepts.Length)]}Content-Length: {bytes.Length}\r\n\r\n";
        return [.. Encoding.UTF8.GetBytes(head), .. bytes];
    }

    private static string Broken(Random random, string text)
    {
        for (var times = random.Next(1, 4); times > 0 && text.Length > 1; times--)
        {
            var (at, length) = (random.Next(text.Length), random.Next(20));
            text = random.Next(4) switch
            {
                0 => text[..at],
                1 => text.Remove(at, Math.Min(length, text.Length - at)),
                2 => text.Insert(at, text.Substring(at, Math.Min(length, text.Length - at))),
                _ => text.Insert(at, Pieces[random.Next(Pieces.Length)]),
            };
        }

        return text;
    }

    private static async Task<int> StatusAsync(int port, byte[] request)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", port, limit.Token);
        var buffer = new byte[12];
        var filled = 0;
        try
        {
            for (var sent = 0; sent < request.Length;) sent += await socket.SendAsync(request.AsMemory(sent), limit.Token);
            for (var read = -1; filled < buffer.Length && read != 0; filled += read) read = await socket.ReceiveAsync(buffer.AsMemory(filled), limit.Token);
        }
        catch (SocketException)
        {
            // A body that is too long is not waited for: what was read of the answer counts.
        }

        return filled < buffer.Length ? 0 : int.Parse(Encoding.ASCII.GetString(buffer, 9, 3), CultureInfo.InvariantCulture);
    }
}
