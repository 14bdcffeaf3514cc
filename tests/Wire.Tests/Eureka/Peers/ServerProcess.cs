using System.Net;
using System.Text;
using System.Text.Json;
using FirstCome.TestKit;

namespace FirstCome.WireTests.Eureka.Peers;

/// <summary>A DiscoveryServer in a process of its own, started again on the same port after it was killed.</summary>
internal sealed class ServerProcess(string name, int port) : IAsyncDisposable
{
    private static readonly TimeSpan ReadyMax = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        Timeout = TimeSpan.FromSeconds(5),
        DefaultRequestHeaders = { { "Accept", "application/json" } },
    };

    private ChildProcess? _process;

    public string Name { get; } = name;

    public int Port { get; } = port;

    /// <summary>Starts it and answers the instances that its very first answer held.</summary>
    public async Task<string[]> StartAsync(params IEnumerable<NetworkProxy> peers)
    {
        var peerUrls = string.Join(',', peers.Select(peer => $"http://{peer.Address}/eureka"));
        _process = ChildProcess.Start("dotnet",
        [
            Assembly(), $"--Service:Url=http://127.0.0.1:{Port}", "--Service:Key=0123456789abcdef0123456789abcdef", "--ConfigServer:Urls=",
            $"--Discovery:Peers={peerUrls}", "--Discovery:PeerCallTimeout=00:00:05", "--Discovery:PeerLoadTimeout=00:00:20",
            "--Discovery:SelfPreservation=false", "--Discovery:EvictionInterval=00:00:00.2",
        ]);
        string[]? first = null;
        await Eventually.TrueAsync(async () => _process.HasExited || (first = await TryInstancesAsync()) is not null, ReadyMax, $"{Name} answers");
        return first ?? throw new InvalidOperationException($"{Name} has ended:\n{_process.Output}{_process.Error}");
    }

    public Task KillAsync() => _process!.KillAsync();

    public string Output => _process?.Output ?? "";

    public async Task RegisterAsync(string id, long dirtyTimestamp)
    {
        var body = $$"""
            {"instance":{"instanceId":"{{id}}","hostName":"h","app":"A","ipAddr":"10.0.0.1","status":"UP","lastDirtyTimestamp":"{{dirtyTimestamp}}",
            "leaseInfo":{"renewalIntervalInSecs":1,"durationInSecs":6},
            "dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"} } }
            """;
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync("/eureka/apps/A", content);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<HttpStatusCode> SendAsync(HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, $"/eureka/apps/A/{path}");
        using var answer = await _http.SendAsync(request);
        return answer.StatusCode;
    }

    /// <summary>The ids of all instances, with their status where it is not UP.</summary>
    public async Task<string[]> InstancesAsync()
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync("/eureka/apps"));
        return [.. document.RootElement.GetProperty("applications").GetProperty("application").EnumerateArray()
            .SelectMany(application => application.GetProperty("instance").EnumerateArray())
            .Select(instance => (Id: instance.GetProperty("instanceId").GetString()!, Status: instance.GetProperty("status").GetString()!))
            .Select(instance => instance.Status == "UP" ? instance.Id : $"{instance.Id} {instance.Status}")
            .Order(StringComparer.Ordinal)];
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is not null) await _process.DisposeAsync();
    }

    private async Task<string[]?> TryInstancesAsync()
    {
        try
        {
            return await InstancesAsync();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    // artifacts/bin/<test project>/release → artifacts/bin/DiscoveryServer/release.
    private static string Assembly()
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "DiscoveryServer", configuration, "FirstCome.DiscoveryServer.dll"));
    }
}
