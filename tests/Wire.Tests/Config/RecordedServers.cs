using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>One server for all recordings, another for those of a repository without <c>main</c>, and two with an administrator: without and with a key.</summary>
public sealed class RecordedServers : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("firstcome-config-");
    private readonly List<RunningConfigServer> _all = [];
    private RunningConfigServer? _main;
    private RunningConfigServer? _masterOnly;

    /// <summary>The key that the original had when it was recorded with one, found by trying what people write into examples.</summary>
    internal const string Key = "0123456789abcdef";

    internal const string Token = "a-token-for-tests-only";

    internal Uri Main => _main!.Url;

    internal Uri Administered { get; private set; } = new("about:blank");

    internal Uri WithKey { get; private set; } = new("about:blank");

    internal Uri MasterOnly => _masterOnly!.Url;

    /// <summary>How sources of the repository are named, which recordings have as <c>REPO</c>.</summary>
    internal string NameOf(bool masterOnly) => new Uri(Path.Combine(_folder.FullName, masterOnly ? "master-only" : "repository")).AbsoluteUri;

    public async ValueTask InitializeAsync()
    {
        if (!Directory.Exists(ConfigFixtures.Folder))
            return;
        var cancellation = TestContext.Current.CancellationToken;
        var main = await ConfigFixtures.CloneAsync(_folder.FullName, masterOnly: false, cancellation);
        _main = await StartAsync(main);
        _masterOnly = await StartAsync(await ConfigFixtures.CloneAsync(_folder.FullName, masterOnly: true, cancellation));
        Administered = (await StartAsync(main, $"--ConfigServer:Administrator:Token={Token}")).Url;
        WithKey = (await StartAsync(main, $"--ConfigServer:Administrator:Token={Token}", $"--ConfigServer:EncryptKey={Key}")).Url;
    }

    private async Task<RunningConfigServer> StartAsync(string repository, params string[] settings)
    {
        var server = await RunningConfigServer.StartAsync(repository, TestContext.Current.CancellationToken, settings: settings);
        _all.Add(server);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _all)
            await server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
