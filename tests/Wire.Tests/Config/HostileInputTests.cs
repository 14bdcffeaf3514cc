using System.Net.Sockets;
using System.Text;
using CsCheck;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>What no client would send. A failure prints the seed, which CsCheck_Seed repeats.</summary>
public sealed class HostileInputTests : IAsyncLifetime
{
    private const string Canary = "canary-of-a-file-outside-0001";
    private const string Token = "a-token-for-hostile-tests";

    // Alias bombs, depth, half a document: every file is broken, and none has an earlier commit to fall back to.
    private static readonly (string File, string Content)[] Broken =
    [
        ("bomb.yml", "a: &a [x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 20).Select(i => $"{(char)('a' + i)}: &{(char)('a' + i)} [{string.Join(',', Enumerable.Repeat($"*{(char)('a' + i - 1)}", 9))}]\n"))),
        ("deep.yml", string.Concat(Enumerable.Repeat("[", 100_000))),
        ("half.yml", "a: {b: [1, 2"),
        ("tagged.yml", "a: !!javax.script.ScriptEngineManager x\n"),
        ("good.yml", "a: 1\n"),
    ];

    private readonly SettingsRepository _settings = new(Broken);
    private RunningConfigServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_settings.Beside("canary.yml"), $"canary: {Canary}\n", Cancellation);
        File.CreateSymbolicLink(Path.Combine(_settings.Path, "link.yml"), _settings.Beside("canary.yml"));
        _settings.Commit("good.yml", "a: 2\n");
        // What is not committed is outside, too.
        await File.WriteAllTextAsync(Path.Combine(_settings.Path, "uncommitted.yml"), $"canary: {Canary}\n", Cancellation);
        _server = await RunningConfigServer.StartAsync(
            _settings.Path, Cancellation, settings: [$"--ConfigServer:Administrator:Token={Token}", "--ConfigServer:EncryptKey=0123456789abcdef"]);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _settings.Dispose();
    }

    [Fact]
    public async Task No_path_leads_outside_or_breaks_the_server()
    {
        string[] ups = ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..%2f", "..%5c", "%c0%ae%c0%ae", "%uff0e%uff0e", "(_)..", "..(_)", "..;", "%EF%BC%8E%EF%BC%8E"];
        string[] parts =
        [
            "good", "default", "main", "canary.yml", "uncommitted.yml", "link.yml", ".git", "config", "etc", "passwd", "%00", "%0d%0a", "%", "%GG", "(_)", ",", "%2F", "%5C", "HEAD", "main~1", "main@{0}", "--upload-pack=x",
            "refs%2Fheads%2Fmain", "%EC%84%A0", "%F0%9F%8E%9F", "%C3%28", "good-default.yml", "good-default.json", "?useDefaultLabel", "monitor", "encrypt", "decrypt", "key", new string('a', 600), string.Join(',', Enumerable.Repeat("x", 50)),
        ];
        var segment = Gen.OneOf(Gen.OneOf(ups), Gen.OneOf(parts), Gen.String[Gen.Char['!', '~'], 0, 6]);
        var path = Gen.Select(segment, segment, Gen.OneOf("", "%2e", ".yml"), (a, b, c) => a + b + c);
        await Gen.OneOf(segment, path).Array[1, 6].Select(segments => "/" + string.Join('/', segments)).SampleAsync(
            async target =>
            {
                // A space or a question mark ends the path; what comes then is no part of this test.
                var answer = await SendAsync(Encoding.Latin1.GetBytes($"GET {target.Replace(' ', '+')} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
                Assert.InRange(Status(answer), 200, 499);
                Assert.DoesNotContain(Canary, answer, StringComparison.Ordinal);
                Assert.DoesNotContain("root:x:", answer, StringComparison.Ordinal);
                Assert.DoesNotContain("[core]", answer, StringComparison.Ordinal);
            }, iter: 600, threads: 4);
    }

    [Fact]
    public async Task No_body_breaks_the_server()
    {
        var value = Gen.OneOf("7", "null", "\"x\"", "[7,null]", "{}", "[{\"added\":7}]", "[{\"modified\":[null,{}]}]", "[[]]", "\"\\ud800\"");
        var notice = Gen.Select(Gen.OneOf("path", "commits", "push"), value, (name, held) => Encoding.UTF8.GetBytes($"{{\"{name}\":{held}}}"));
        var body = Gen.OneOf(
            notice, notice, notice,
            Gen.Byte.Array[0, 300], Gen.Byte.Array[70_000],
            Gen.Int[1, 5000].Select(depth => Encoding.UTF8.GetBytes(new string('[', depth))), Gen.String[Gen.Char["0123456789abcdef{}:"], 0, 200].Select(Encoding.UTF8.GetBytes));
        var targets = Gen.OneOf("/monitor", "/encrypt", "/decrypt", "/encrypt/a/b", "/decrypt/%00/..", "/good/default");
        var types = Gen.OneOf("application/json", "application/x-www-form-urlencoded", "text/plain", "x", "multipart/form-data; boundary=x");
        // Shorter and longer than it says; cut off is an end without an answer.
        await Gen.Select(body, targets, types, Gen.OneOf(Gen.Const(0), Gen.Const(0), Gen.Int[-3, 3])).SampleAsync(
            async (bytes, target, type, more) =>
            {
                var head = $"POST {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {Token}\r\nConnection: close\r\nContent-Type: {type}\r\nContent-Length: {Math.Max(0, bytes.Length + more)}\r\n\r\n";
                var answer = await SendAsync([.. Encoding.Latin1.GetBytes(head), .. bytes], cutOff: more > 0);
                if (answer.Length > 0)
                    Assert.InRange(Status(answer), 200, 499);
            }, iter: 800, threads: 4);
    }

    [Fact]
    public async Task A_broken_file_is_told_at_once_and_takes_nobody_along()
    {
        foreach (var name in new[] { "bomb", "deep", "half", "tagged" })
            Assert.Equal((name, 500), (name, Status(await AskAsync($"/{name}/default"))));
        Assert.Contains("\"a\":2", await AskAsync("/good/default"), StringComparison.Ordinal);
        Assert.Equal(404, Status(await AskAsync("/good/default/main/link.yml")));
        Assert.DoesNotContain(Canary, await AskAsync("/link/default"), StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, await AskAsync("/uncommitted/default"), StringComparison.Ordinal);
    }

    private Task<string> AskAsync(string target) => SendAsync(Encoding.Latin1.GetBytes($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));

    private static int Status(string answer) => int.Parse(answer.AsSpan(9, 3), null);

    /// <param name="cutOff">Ends the connection's own half after the request, which the server takes for a caller who is gone.</param>
    private async Task<string> SendAsync(byte[] request, bool cutOff = false)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var client = new TcpClient();
        await client.ConnectAsync(_server.Url.Host, _server.Url.Port, limit.Token);
        await using var stream = client.GetStream();
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(request, limit.Token);
            if (cutOff)
                client.Client.Shutdown(SocketShutdown.Send);
            await stream.CopyToAsync(answer, limit.Token);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The server ended what it would not read; what it said before counts.
        }
        return Encoding.Latin1.GetString(answer.ToArray());
    }
}
