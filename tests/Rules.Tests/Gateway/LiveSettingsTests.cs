using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using FirstCome.ConfigServer;
using FirstCome.RulesTests.Authentication;
using FirstCome.RulesTests.ServiceDefaults;
using LibGit2Sharp;
using Xunit;

namespace FirstCome.RulesTests.Gateway;

/// <summary>A running gateway and a running config server: commits change what the gateway does, while it works.</summary>
public sealed class LiveSettingsTests(Edge edge) : IClassFixture<Edge>, IDisposable
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("firstcome-live-");

    private string Repository => Path.Combine(_folder.FullName, "repository");

    public void Dispose()
    {
        foreach (var file in _folder.EnumerateFiles("*", SearchOption.AllDirectories)) { file.IsReadOnly = false; }
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Rates_and_a_switch_change_under_load_and_a_wrong_set_changes_nothing()
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "source"));
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "source", "gateway.yml"), "Gateway: { AddressRate: 0.1, AddressBurst: 2 }", TestContext.Current.CancellationToken);
        ConfigRepository.CreateFrom(Path.Combine(_folder.FullName, "source"), Repository);
        await using var settings = await TinyService.StartAsync(FirstCome.ConfigServer.Program.Create(TinyService.Arguments($"--ConfigServer:RepositoryPath={Repository}", "--ConfigServer:LabelCheckInterval=00:00:00.1")));
        var gateway = await edge.GatewayAsync($"--ConfigServer:Urls=http://127.0.0.1:{settings.Port}", "--ConfigServer:FirstLoadTimeout=00:00:10", "--OTEL_TRACES_SAMPLER=parentbased_always_off",
            "--OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9");
        Registered.Set(gateway.Services, ("cache-service", edge.One.Port));
        Assert.Equal((200, 200, 429), (await StatusAsync(gateway), await StatusAsync(gateway), await StatusAsync(gateway)));

        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var seen = new ConcurrentDictionary<int, int>();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested) { seen.AddOrUpdate(await StatusAsync(gateway), 1, (_, count) => count + 1); }
        }, TestContext.Current.CancellationToken)));
        try
        {
            Commit("Gateway: { AddressRate: 1000000, AddressBurst: 1000000, TrustIncomingTrace: true }");
            await TokenService.UntilAsync(async () => await StatusAsync(gateway) == 200 && await StatusAsync(gateway) == 200, "the gateway takes the higher rate");
            await TokenService.UntilAsync(async () => await IsTrustedAsync(gateway), "the gateway trusts traces");

            Commit("Gateway: { AddressRate: -1, AddressBurst: 1, TrustIncomingTrace: false }");
            await TokenService.UntilAsync(async () => (await gateway.GetAsync("/health")).Text.Contains("Gateway:AddressRate must be between", StringComparison.Ordinal), "the wrong set is told");
            Assert.True(await IsTrustedAsync(gateway));

            Commit("Gateway: { AddressRate: 1000000, AddressBurst: 1000000, TrustIncomingTrace: false }");
            await TokenService.UntilAsync(async () => !await IsTrustedAsync(gateway), "the gateway trusts traces no more");
        }
        finally
        {
            await end.CancelAsync();
            await load;
        }
        Assert.All(seen.Keys, status => Assert.True(status is 200 or 429, $"{status}"));
        Assert.True(seen[200] > 10);
    }

    private static async Task<int> StatusAsync(TinyService gateway) => (await gateway.GetAsync("/api/campaigns")).Status;

    // Plain bytes: a client of this process would put its own trace in their place.
    private static async Task<bool> IsTrustedAsync(TinyService gateway)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", gateway.Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"GET /api/campaigns HTTP/1.1\r\nHost: x\r\nConnection: close\r\ntraceparent: 00-{Trace}-b7ad6b7169203331-01\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        return (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Contains(Trace, StringComparison.Ordinal);
    }

    private void Commit(string content)
    {
        using var repository = new Repository(Repository);
        File.WriteAllText(Path.Combine(Repository, "gateway.yml"), content);
        Commands.Stage(repository, "gateway.yml");
        var author = new Signature("t", "t@firstcome.invalid", DateTimeOffset.UnixEpoch);
        repository.Commit("gateway.yml", author, author);
    }
}
