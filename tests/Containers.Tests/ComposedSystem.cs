using System.Globalization;
using System.Text.Json.Nodes;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.ContainersTests;

/// <summary>
/// compose.yaml as an operator starts it, by <c>./run compose</c>, under a project name, a port and secrets of its own. Started by the first test that needs it, taken down with its volumes after the last one.
/// </summary>
public sealed class ComposedSystem : IAsyncLifetime
{
    /// <summary>Everything that compose.yaml starts without a profile.</summary>
    public static readonly IReadOnlyList<string> Services =
        ["gateway", "discovery-server", "configserver", "user-service", "coupon-service", "issue-service", "issue-worker", "cache-service", "web", "redis", "kafka", "mysql"];

    private static readonly TimeSpan s_upMax = TimeSpan.FromMinutes(12), s_commandMax = TimeSpan.FromMinutes(2);
    private readonly TemporaryFolder _data = new();
    private readonly int _port = FreePorts.Block(1);
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Dictionary<string, string> _started = [];
    private bool _tried, _up;

    public Uri Gateway => new($"http://127.0.0.1:{_port}");

    /// <summary>Where <c>demo-accounts.json</c> is.</summary>
    public string Data => _data.FullName;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Builds the images, starts everything and waits until all of it is healthy; skips the test by name where <c>./test --containers</c> did not ask for it, or no engine answers.</summary>
    public async Task StartAsync()
    {
        await NeededAsync();
        if (_up) { return; }
        // Once: what does not come up fails every test with the reason that compose gave to the first.
        Assert.False(_tried, "The containers did not come up; the first test tells why.");
        _tried = true;
        await ComposeAsync(s_upMax);
        _up = true;
    }

    /// <summary>Skips the test where nobody asked for containers, or there is no engine with compose.</summary>
    public static async Task NeededAsync()
    {
        if (Environment.GetEnvironmentVariable("FIRSTCOME_CONTAINERS") != "1") { Assert.Skip("needs a container engine, and to be asked for: ./test --containers"); }
        Needed.Program("docker", "Docker Engine 25 or later with Compose");
        await using var compose = ChildProcess.Start("docker", ["compose", "version"]);
        if (await compose.WaitForExitAsync(s_commandMax) != 0) { Assert.Skip("needs docker compose"); }
    }

    /// <summary>Waits until every container is healthy and the gateway says that the whole works.</summary>
    public async Task WholeAsync()
    {
        var limit = TimeSpan.FromSeconds(120);
        await Eventually.TrueAsync(async () => (await ContainersAsync()).All(container => container.Healthy), limit, "every container is healthy");
        await Eventually.TrueAsync(async () =>
        {
            try { return (JsonNode.Parse(await _http.GetStringAsync(new Uri(Gateway, "health")))?["status"])?.GetValue<string>() == "ok"; }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException) { return false; }
        }, limit, "the gateway says that the whole works");
    }

    /// <summary>Every container of the system.</summary>
    internal async Task<IReadOnlyList<Container>> ContainersAsync() =>
        [.. (await ComposeAsync(s_commandMax, "ps", "--all", "--format", "json")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)
            .Select(line => new Container(line["Service"]!.GetValue<string>(), line["ID"]!.GetValue<string>(), line["State"]!.GetValue<string>(), line["Health"]!.GetValue<string>()))];

    /// <summary>
    /// The command that ends a service's process at once. From the host where that can be done, since an engine does not start again what it was itself told to kill: so the restart is that of compose.yaml. Elsewhere
    /// the engine kills and starts it.
    /// </summary>
    public async Task<string> KillCommandAsync(string service)
    {
        var container = await ContainerAsync(service);
        _started[service] = await InspectAsync(container, "{{.State.StartedAt}}");
        var process = await InspectAsync(container, "{{.State.Pid}}");
        return Environment.IsPrivilegedProcess && Directory.Exists($"/proc/{process}") ? $"kill -KILL {process}" : $"docker kill {container.Id} && docker start {container.Id}";
    }

    /// <summary>Whether a service's process is another one than when <see cref="KillCommandAsync"/> was asked.</summary>
    public async Task<bool> WasStartedAgainAsync(string service) => await InspectAsync(await ContainerAsync(service), "{{.State.StartedAt}}") != _started[service];

    private async Task<Container> ContainerAsync(string service) => Assert.Single(await ContainersAsync(), container => container.Service == service);

    /// <summary>What the engine knows of a container, by a template.</summary>
    internal static async Task<string> InspectAsync(Container container, string template) => (await RunAsync("docker", ["inspect", "--format", template, container.Id], s_commandMax)).Trim();

    /// <summary><c>./run compose</c> with these arguments; its output.</summary>
    public Task<string> ComposeAsync(params string[] arguments) => ComposeAsync(s_commandMax, arguments);

    public async ValueTask DisposeAsync()
    {
        if (_tried)
        {
            await File.WriteAllTextAsync(Path.Combine(Root(), "artifacts", "containers.log"), await ComposeAsync("logs", "--no-color", "--timestamps"));
            await ComposeAsync("down", "--volumes", "--timeout", "10");
        }
        _http.Dispose();
        _data.Dispose();
    }

    private Task<string> ComposeAsync(TimeSpan limit, params string[] arguments) => RunAsync(Path.Combine(Root(), "run"), ["compose", "--data", Data, .. arguments], limit, new Dictionary<string, string>
    {
        ["COMPOSE_PROJECT_NAME"] = $"firstcome-test-{_port}",
        ["FIRSTCOME_PORT"] = _port.ToString(CultureInfo.InvariantCulture),
        ["FIRSTCOME_TAG"] = "test",
    });

    internal static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, TimeSpan limit, Dictionary<string, string>? environment = null)
    {
        await using var process = ChildProcess.Start(program, arguments, environment, Root());
        var code = await process.WaitForExitAsync(limit);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with code {code}:\n{process.Output}\n{process.Error}");
        return process.Output;
    }

    private static string Root()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "compose.yaml"))) { root = root.Parent ?? throw new InvalidOperationException("There is no compose.yaml above the tests."); }
        return root.FullName;
    }
}

/// <summary>A container as <c>docker compose ps</c> tells of it.</summary>
internal sealed record Container(string Service, string Id, string State, string Health)
{
    public bool Healthy => State == "running" && Health == "healthy";
}

/// <summary>The tests that share the containers.</summary>
[CollectionDefinition(Name)]
public sealed class OneComposedSystem : ICollectionFixture<ComposedSystem>
{
    public const string Name = "containers";
}
