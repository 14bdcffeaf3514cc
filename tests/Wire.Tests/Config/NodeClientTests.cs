using System.Diagnostics;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>The client that programs for Node use, from npm, against our server.</summary>
public sealed class NodeClientTests : IDisposable
{
    private const string Version = "1.6.2";

    // What it asks is what was recorded of it: an own label, profiles as a list, an unknown label, and a password.
    private const string Script = """
        const client = require('cloud-config-client');
        const [endpoint, password] = process.argv.slice(2);
        const auth = { user: 'node', pass: password };
        (async () => {
          const dev = await client.load({ endpoint, name: 'issue-service', profiles: ['dev', 'prod'], label: 'main', auth });
          console.log(dev.get('coupon.limit'), dev.get('coupon', 'name'), dev.get('db.password'), JSON.stringify(dev.toObject().servers));
          try { await client.load({ endpoint, name: 'issue-service', label: 'no-such-label', auth }); console.log('found'); } catch (e) { console.log('no label'); }
          try { await client.load({ endpoint, name: 'issue-service', auth: { user: 'node', pass: 'wrong' } }); console.log('let in'); } catch (e) { console.log('not let in'); }
        })();
        """;

    private readonly SettingsRepository _settings = new(
        ("issue-service.yml", "coupon: { limit: 500, name: 선착순 }\nservers: [{ host: h1 }, { host: h2 }]\ndb: { password: '{cipher}bd29ca0e791ba2f12114ca4c7b556a6e0d43f0f1a7739dff33a5fb46d85deb0f' }\n"),
        ("issue-service-prod.yml", "coupon: { limit: 5000 }\n"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _settings.Dispose();

    [Fact]
    public async Task It_is_configured_with_profiles_secrets_and_credentials()
    {
        var node = Needed.Program("node", "apt-get install nodejs");
        var npm = Needed.Program("npm", "apt-get install npm");
        var folder = Directory.CreateDirectory(_settings.Beside("node")).FullName;
        var (installed, _, error) = await RunAsync(npm, folder, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--prefix", folder, $"cloud-config-client@{Version}");
        if (installed != 0)
            Assert.Skip($"needs cloud-config-client {Version} of npm, which cannot be installed here: {error}");
        const string Password = "a-password-of-node-1";
        await using var server = await RunningConfigServer.StartAsync(
            _settings.Path, Cancellation, settings: ["--ConfigServer:Reads=Nobody", $"--ConfigServer:Clients:node:Password={Password}", "--ConfigServer:EncryptKey=0123456789abcdef"]);
        await File.WriteAllTextAsync(Path.Combine(folder, "ask.js"), Script, Cancellation);
        var (exit, output, said) = await RunAsync(node, folder, "ask.js", server.Url.GetLeftPart(UriPartial.Authority), Password);
        Assert.True(exit == 0, said);
        Assert.Equal("5000 선착순 secret [{\"host\":\"h1\"},{\"host\":\"h2\"}]\nno label\nnot let in\n", output);
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = await process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
