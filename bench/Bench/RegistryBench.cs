using System.Diagnostics;
using System.Globalization;
using System.Text;
using FirstCome.TestKit;

namespace FirstCome.Bench;

/// <summary>
/// The registry with a thousand instances against a bare Kestrel endpoint that returns the same bytes, each a process of its own: full fetches (gzip) and heartbeats. Then what it takes to start, and to hold ten
/// thousand instances that renew every thirty seconds.
/// </summary>
internal static class RegistryBench
{
    private const int Instances = 1_000, Crowd = 10_000, Connections = 32, Pairs = 5, Starts = 3, Fetches = 10_000, Heartbeats = 40_000, AnswerBytesMax = 4 * 1024 * 1024;
    private static readonly TimeSpan s_renewal = TimeSpan.FromSeconds(30), s_readyMax = TimeSpan.FromSeconds(60), s_told = TimeSpan.FromSeconds(15), s_tick = TimeSpan.FromMilliseconds(100);

    public static async Task<int> RunAsync()
    {
        Figure.PrintMachine();
        using var folder = new TemporaryFolder();
        var reached = await CompareAsync(folder);
        await TellAsync();
        return reached ? 0 : 1;
    }

    private static async Task<bool> CompareAsync(TemporaryFolder folder)
    {
        var (port, barePort) = (FreePorts.Block(1), FreePorts.Block(1));
        await using var registry = StartRegistry(port);
        await UntilReadyAsync(port);
        await RegisterAsync(port, Instances);
        var fetch = Request("GET", "/eureka/apps", "Accept: application/json\r\nAccept-Encoding: gzip\r\n");
        using (var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/eureka/apps") { Headers = { { "Accept", "application/json" }, { "Accept-Encoding", "gzip" } } };
            using var answer = await http.SendAsync(request);
            await File.WriteAllBytesAsync(folder.File("apps.gz"), await answer.Content.ReadAsByteArrayAsync());
        }
        await using var bare = ChildProcess.Start("dotnet", [typeof(RegistryBench).Assembly.Location, "bare-registry", barePort.ToString(CultureInfo.InvariantCulture), folder.File("apps.gz")]);
        await UntilReadyAsync(barePort);
        var heartbeats = Enumerable.Range(0, Heartbeats).Select(i => Request("PUT", $"/eureka/apps/BENCH/{Id(i % Instances)}?status=UP&lastDirtyTimestamp=1", "Accept: application/json\r\n")).ToList();
        var reached = await PairsAsync($"GET /eureka/apps, {Instances} instances, gzip", Enumerable.Repeat(fetch, Fetches).ToList(), port, barePort, 0.7);
        return await PairsAsync("heartbeats", heartbeats, port, barePort, 0.6) && reached;
    }

    private static async Task<bool> PairsAsync(string name, List<byte[]> requests, int port, int barePort, double wanted)
    {
        var ratios = new List<double>();
        for (var pair = 0; pair <= Pairs; pair++)
        {
            var ours = await Load.RunAsync(port, requests, Connections, AnswerBytesMax);
            var bare = await Load.RunAsync(barePort, requests, Connections, AnswerBytesMax);
            if (ours.Statuses.Keys.Any(status => status != 200) || ours.BodyBytes != bare.BodyBytes) { throw new InvalidOperationException($"The answers differ: {ours}, {ours.BodyBytes} bytes, and {bare}, {bare.BodyBytes} bytes."); }
            // The first pair warms both up.
            if (pair > 0) { ratios.Add(ours.PerSecond / bare.PerSecond); }
            Console.WriteLine($"{name}: registry {ours}");
            Console.WriteLine($"{name}: bare     {bare}");
        }
        return Figure.Print($"{name} / bare", ratios, wanted);
    }

    private static async Task TellAsync()
    {
        for (var start = 1; start <= Starts; start++)
        {
            var port = FreePorts.Block(1);
            var watch = Stopwatch.StartNew();
            await using var registry = StartRegistry(port);
            await UntilReadyAsync(port);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"told     start {start}: {watch.Elapsed.TotalSeconds:0.00} s to the first answer, {Memory(registry)}"));
            if (start == Starts) { await TellCrowdAsync(port, registry); }
        }
    }

    private static async Task TellCrowdAsync(int port, ChildProcess registry)
    {
        await RegisterAsync(port, Crowd);
        Console.WriteLine($"told     {Crowd} instances registered: {Memory(registry)}");
        var heartbeats = Enumerable.Range(0, Crowd).Select(i => Request("PUT", $"/eureka/apps/BENCH/{Id(i)}?status=UP&lastDirtyTimestamp=1", "Accept: application/json\r\n")).ToList();
        var deltas = Enumerable.Repeat(Request("GET", "/eureka/apps/delta", "Accept: application/json\r\nAccept-Encoding: gzip\r\n"), Crowd).ToList();
        await TellPacedAsync("heartbeats", port, registry, [heartbeats]);
        await TellPacedAsync("heartbeats and as many deltas", port, registry, [heartbeats, deltas]);
    }

    private static async Task TellPacedAsync(string name, int port, ChildProcess registry, List<byte[]>[] streams)
    {
        var share = (int)(Crowd * s_tick / s_renewal);
        using var process = Process.GetProcessById(registry.Id);
        var before = process.TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        var sent = 0;
        using var timer = new PeriodicTimer(s_tick);
        for (var tick = 0; watch.Elapsed < s_told; tick++)
        {
            await timer.WaitForNextTickAsync();
            foreach (var stream in streams)
            {
                var requests = Enumerable.Range(tick * share, share).Select(i => stream[i % stream.Count]).ToList();
                sent += (await Load.RunAsync(port, requests, 2, AnswerBytesMax)).Requests;
            }
        }
        process.Refresh();
        var cores = (process.TotalProcessorTime - before) / watch.Elapsed;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"told     {Crowd} instances, {name} every {s_renewal.TotalSeconds:0} s: {sent / watch.Elapsed.TotalSeconds:0}/s take {cores:0.000} cores, {Memory(registry)}"));
    }

    private static ChildProcess StartRegistry(int port) => ChildProcess.Start("dotnet",
    [
        Path.Combine(ProjectRoot.Folder, "artifacts", "bin", "DiscoveryServer", "release", "FirstCome.DiscoveryServer.dll"),
        string.Create(CultureInfo.InvariantCulture, $"--Service:Url=http://127.0.0.1:{port}"), "--Service:Key=0123456789abcdef0123456789abcdef", "--ConfigServer:Urls=",
    ]);

    private static async Task UntilReadyAsync(int port)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                using var answer = await http.GetAsync($"http://127.0.0.1:{port}/eureka/apps");
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException) { return false; }
        }, s_readyMax, $"port {port} answers");
    }

    private static async Task RegisterAsync(int port, int count)
    {
        var registrations = Enumerable.Range(0, count).Select(i => Request("POST", "/eureka/apps/BENCH", "Content-Type: application/json\r\n", Instance(i))).ToList();
        var result = await Load.RunAsync(port, registrations, 8, AnswerBytesMax);
        if (result.Statuses.Keys.Any(status => status != 204)) { throw new InvalidOperationException($"Registrations failed: {result}"); }
    }

    private static string Id(int i) => string.Create(CultureInfo.InvariantCulture, $"10.{i / 65536}.{i / 256 % 256}.{i % 256}:bench:5001");

    private static string Instance(int i)
    {
        var host = Id(i).Split(':')[0];
        return $$$"""
            {"instance":{"instanceId":"{{{Id(i)}}}","hostName":"{{{host}}}","app":"BENCH","ipAddr":"{{{host}}}","status":"UP","port":{"$":5001,"@enabled":"true"},"securePort":{"$":443,"@enabled":"false"},"countryId":1,"dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},"leaseInfo":{"renewalIntervalInSecs":30,"durationInSecs":90},"metadata":{"management.port":"5001"},"homePageUrl":"http://{{{host}}}:5001/","statusPageUrl":"http://{{{host}}}:5001/actuator/info","healthCheckUrl":"http://{{{host}}}:5001/actuator/health","vipAddress":"bench","secureVipAddress":"bench","lastDirtyTimestamp":"1"}}
            """;
    }

    private static byte[] Request(string method, string path, string headers, string body = "") =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{method} {path} HTTP/1.1\r\nHost: registry\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}"));

    private static string Memory(ChildProcess process)
    {
        using var running = Process.GetProcessById(process.Id);
        return string.Create(CultureInfo.InvariantCulture, $"{running.WorkingSet64 >> 20} MiB resident");
    }
}
