using System.Diagnostics;
using System.Globalization;
using System.Text;
using FirstCome.TestKit;

namespace FirstCome.Bench;

/// <summary>An environment of the config server, as Spring's clients ask for it, against a bare Kestrel endpoint that returns the same bytes; how long the server takes to answer first, and its memory.</summary>
internal static class ConfigBench
{
    private const int Requests = 60_000, Connections = 32, Pairs = 5, Starts = 3;
    private const string Path = "/issue-service/prod", Accept = "application/vnd.spring-cloud.config-server.v2+json";

    public static async Task<int> RunAsync()
    {
        Figure.PrintMachine();
        var folder = Directory.CreateTempSubdirectory("firstcome-bench-config-");
        try
        {
            return await RunAsync(folder.FullName) ? 0 : 1;
        }
        finally
        {
            foreach (var file in folder.EnumerateFiles("*", SearchOption.AllDirectories)) { file.IsReadOnly = false; }
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The other side, in a process of its own: bare-config PORT FILE.</summary>
    public static async Task<int> RunBareAsync(string[] args)
    {
        var body = await File.ReadAllBytesAsync(args[2]);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{args[1]}");
        var app = builder.Build();
        app.MapGet(Path, async context =>
        {
            context.Response.ContentType = Accept;
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body);
        });
        await app.RunAsync();
        return 0;
    }

    private static async Task<bool> RunAsync(string folder)
    {
        Directory.CreateDirectory(folder + "/source");
        foreach (var (file, keys) in new[] { ("application", 20), ("issue-service", 40), ("issue-service-prod", 10) })
            await File.WriteAllTextAsync($"{folder}/source/{file}.yml", "coupon:\n" + string.Concat(Enumerable.Range(0, keys).Select(key => $"  setting-{key}: value {key} of {file}\n")));
        var port = FreePorts.Block(2);
        var (server, first) = await StartAsync(folder, port);
        await using var _ = server;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory after the start: {Resident(server)} MiB"));
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Accept.ParseAdd(Accept);
        var answer = await http.GetByteArrayAsync(new Uri($"http://127.0.0.1:{port}{Path}"));
        await File.WriteAllBytesAsync(folder + "/answer", answer);
        await using var bare = ChildProcess.Start("dotnet", [typeof(ConfigBench).Assembly.Location, "bare-config", (port + 1).ToString(CultureInfo.InvariantCulture), folder + "/answer"]);
        await FirstAnswerAsync(http, port + 1);
        var ratios = new List<double>();
        for (var pair = 0; pair <= Pairs; pair++)
        {
            var ours = await LoadAsync(port, answer.Length);
            var theirs = await LoadAsync(port + 1, answer.Length);
            Console.WriteLine($"config server {ours}\nbare Kestrel  {theirs}");
            // The first pair warms both.
            if (pair > 0) { ratios.Add(ours.PerSecond / theirs.PerSecond); }
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory after the load: {Resident(server)} MiB"));
        var starts = new List<TimeSpan> { first };
        while (starts.Count < Starts)
        {
            var (again, took) = await StartAsync(folder, FreePorts.Block(1));
            await again.DisposeAsync();
            starts.Add(took);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"start until the first environment: {string.Join(", ", starts.Select(start => $"{start.TotalSeconds:0.00} s"))}"));
        return Figure.Print($"environment of {answer.Length} bytes / bare Kestrel", ratios, 0.6);
    }

    private static async Task<(ChildProcess Server, TimeSpan Took)> StartAsync(string folder, int port)
    {
        var started = Stopwatch.GetTimestamp();
        var server = ChildProcess.Start("dotnet",
        [
            ProjectRoot.Folder + "/artifacts/bin/ConfigServer/release/FirstCome.ConfigServer.dll", $"--Service:Url=http://127.0.0.1:{port}", "--Service:Key=a-key-for-benches-only-0123456789abcdef", "--Eureka:ServerUrls=",
            $"--ConfigServer:RepositoryPath={folder}/repository", $"--ConfigServer:InitialSettings={folder}/source",
        ]);
        using var http = new HttpClient();
        await FirstAnswerAsync(http, port);
        return (server, Stopwatch.GetElapsedTime(started));
    }

    private static Task FirstAnswerAsync(HttpClient http, int port) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}{Path}"));
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
                return false;
            }
        }, TimeSpan.FromSeconds(30), "the server answers");

    private static async Task<LoadResult> LoadAsync(int port, int bytes)
    {
        var request = Encoding.ASCII.GetBytes($"GET {Path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: {Accept}\r\n\r\n");
        var result = await Load.RunAsync(port, Enumerable.Repeat(request, Requests).ToList(), Connections);
        return result.Statuses.Keys.All(status => status == 200) && result.BodyBytes == bytes ? result : throw new InvalidOperationException($"Not what was asked for: {result}, {result.BodyBytes} bytes.");
    }

    private static long Resident(ChildProcess process)
    {
        using var found = Process.GetProcessById(process.Id);
        return found.WorkingSet64 >> 20;
    }
}
