using System.Diagnostics;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>A repository behind a real ssh server on this machine.</summary>
public sealed class SshRepositoryTests : IAsyncDisposable
{
    private readonly SettingsRepository _remote = new(("issue-service.yml", "limit: 1\n"));
    private Process? _sshd;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_sshd is { HasExited: false })
        {
            _sshd.Kill(entireProcessTree: true);
            await _sshd.WaitForExitAsync(CancellationToken.None);
        }
        _sshd?.Dispose();
        _remote.Dispose();
    }

    [Fact]
    public async Task It_is_cloned_and_followed_with_a_key_and_an_unknown_host_is_refused()
    {
        var program = Needed.Program("sshd", "apt-get install openssh-server");
        Needed.Program("git", "apt-get install git");
        var keys = Needed.Program("ssh-keygen", "apt-get install openssh-client");
        var port = FreePorts.Block(1);
        foreach (var name in new[] { "host", "client", "other" })
            await RunAsync(keys, "-q", "-t", "ed25519", "-N", "", "-f", _remote.Beside(name));
        await File.WriteAllTextAsync(_remote.Beside("known"), $"[127.0.0.1]:{port} {await File.ReadAllTextAsync(_remote.Beside("host.pub"), Cancellation)}", Cancellation);
        await File.WriteAllTextAsync(_remote.Beside("other-known"), $"[127.0.0.1]:{port} {await File.ReadAllTextAsync(_remote.Beside("other.pub"), Cancellation)}", Cancellation);
        await StartSshdAsync(program, port);

        await using var server = await StartAsync("clone", port, "known");
        using var http = new HttpClient();
        await Waiting.UntilAsync(async () => (await TextAsync(http, server, "/issue-service/default")).Contains("\"limit\":1", StringComparison.Ordinal));
        _remote.Commit("issue-service.yml", "limit: 2\n");
        await Waiting.UntilAsync(async () => (await TextAsync(http, server, "/issue-service/default")).Contains("\"limit\":2", StringComparison.Ordinal));

        await using var stranger = await StartAsync("stranger", port, "other-known");
        await Waiting.UntilAsync(async () => (await TextAsync(http, stranger, "/health")).Contains("Host key verification failed", StringComparison.Ordinal));
        Assert.DoesNotContain("limit", await TextAsync(http, stranger, "/issue-service/default"), StringComparison.Ordinal);
    }

    private Task<RunningConfigServer> StartAsync(string clone, int port, string knownHosts)
        => RunningConfigServer.StartAsync(_remote.Beside(clone), Cancellation, settings:
        [
            $"--ConfigServer:Remote:Url=ssh://{Environment.UserName}@127.0.0.1:{port}{_remote.Path}", $"--ConfigServer:Remote:SshKeyFile={_remote.Beside("client")}",
            $"--ConfigServer:Remote:KnownHostsFile={_remote.Beside(knownHosts)}", "--ConfigServer:FetchInterval=00:00:01",
        ]);

    private async Task StartSshdAsync(string program, int port)
    {
        var configuration = _remote.Beside("sshd_config");
        await File.WriteAllTextAsync(configuration, $"""
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {_remote.Beside("host")}
            AuthorizedKeysFile {_remote.Beside("client.pub")}
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            UsePAM no
            StrictModes no
            PidFile none
            """, Cancellation);
        var start = new ProcessStartInfo(program, ["-D", "-e", "-f", configuration]) { RedirectStandardError = true };
        _sshd = Process.Start(start)!;
        var said = new List<string>();
        while (await _sshd.StandardError.ReadLineAsync(Cancellation) is { } line)
        {
            said.Add(line);
            if (line.Contains("Server listening", StringComparison.Ordinal))
            {
                // Read on, or its pipe fills.
                _ = _sshd.StandardError.ReadToEndAsync(CancellationToken.None);
                return;
            }
        }
        Assert.Skip($"sshd does not start here: {string.Join(' ', said)}");
    }

    private static async Task<string> TextAsync(HttpClient http, RunningConfigServer server, string path)
    {
        using var answer = await http.GetAsync(new Uri(server.Url, path), Cancellation);
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments))!;
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(0, process.ExitCode);
    }
}
