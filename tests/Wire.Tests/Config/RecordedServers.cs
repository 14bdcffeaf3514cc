using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>One server for all recordings, another for those of a repository without <c>main</c>.</summary>
public sealed class RecordedServers : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("firstcome-config-");
    private RunningConfigServer? _main;
    private RunningConfigServer? _masterOnly;

    internal Uri Main => _main!.Url;

    internal Uri MasterOnly => _masterOnly!.Url;

    /// <summary>How sources of the repository are named, which recordings have as <c>REPO</c>.</summary>
    internal string NameOf(bool masterOnly) => new Uri(Path.Combine(_folder.FullName, masterOnly ? "master-only" : "repository")).AbsoluteUri;

    public async ValueTask InitializeAsync()
    {
        if (!Directory.Exists(ConfigFixtures.Folder))
            return;
        var cancellation = TestContext.Current.CancellationToken;
        _main = await RunningConfigServer.StartAsync(await ConfigFixtures.CloneAsync(_folder.FullName, masterOnly: false, cancellation), cancellation);
        _masterOnly = await RunningConfigServer.StartAsync(await ConfigFixtures.CloneAsync(_folder.FullName, masterOnly: true, cancellation), cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_main is not null)
            await _main.DisposeAsync();
        if (_masterOnly is not null)
            await _masterOnly.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
