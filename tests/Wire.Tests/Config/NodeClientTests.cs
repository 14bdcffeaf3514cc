using FirstCome.WireTests.Npm;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>The client that programs for Node use, from npm, against our server.</summary>
public sealed class NodeClientTests : IDisposable
{
    private const string Version = "1.6.2";

    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(60);

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
        using var client = await NpmPackage.InstallAsync($"cloud-config-client@{Version}");
        const string Password = "a-password-of-node-1";
        await using var server = await RunningConfigServer.StartAsync(
            _settings.Path, Cancellation, settings: ["--ConfigServer:Reads=Nobody", $"--ConfigServer:Clients:node:Password={Password}", "--ConfigServer:EncryptKey=0123456789abcdef"]);
        await using var asked = client.Run(Script, server.Url.GetLeftPart(UriPartial.Authority), Password);
        Assert.True(await asked.WaitForExitAsync(AnswerMax) == 0, asked.Error);
        Assert.Equal("5000 선착순 secret [{\"host\":\"h1\"},{\"host\":\"h2\"}]\nno label\nnot let in\n", asked.Output);
    }
}
