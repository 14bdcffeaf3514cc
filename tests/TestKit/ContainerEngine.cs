using System.Text.RegularExpressions;
using Docker.DotNet;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Networks;
using Microsoft.Extensions.Logging.Abstractions;

namespace FirstCome.TestKit;

/// <summary>The container engine of this machine (Docker, or what answers like it), if there is one, and the network of the tests' containers.</summary>
internal static partial class ContainerEngine
{
    private static readonly SemaphoreSlim s_turn = new(1, 1);
    // Whether one answers is asked once; that takes a moment.
    private static readonly Lazy<bool> s_answers = new(() => TestcontainersSettings.OS.DockerEndpointAuthConfig is { Endpoint: var endpoint } && (endpoint.Scheme is "unix" or "npipe" || endpoint.IsLoopback));
    private static INetwork? s_network;
    private static int s_members;

    /// <summary><c>FIRSTCOME_ENGINES=containers</c>: containers also where there are programs.</summary>
    public static bool IsAskedFor => Environment.GetEnvironmentVariable("FIRSTCOME_ENGINES") switch
    {
        null or "" => false,
        "containers" => true,
        var other => throw new InvalidOperationException($"FIRSTCOME_ENGINES must be containers or nothing, but is {other}."),
    };

    /// <summary>Whether one answers that publishes ports on this machine's loopback.</summary>
    public static bool Answers => s_answers.Value;

    /// <summary>A client of its own, for the caller to dispose.</summary>
    public static DockerClient Client() => TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder(Guid.Empty).Build();

    /// <summary>An image with the tag that <c>compose.yaml</c> names.</summary>
    public static string ImageOfCompose(string image)
    {
        var named = ImageLine().Matches(File.ReadAllText(Path.Combine(ProjectRoot.Folder, "compose.yaml"))).Select(line => line.Groups[1].Value);
        return named.FirstOrDefault(name => name.StartsWith($"{image}:", StringComparison.Ordinal)) ?? throw new InvalidOperationException($"compose.yaml names no image {image}.");
    }

    /// <summary>The network in which containers find each other by name: made for the first, removed after the last has left it.</summary>
    public static async Task<INetwork> JoinNetworkAsync()
    {
        await s_turn.WaitAsync();
        try
        {
            if (s_network is null)
            {
                var network = new NetworkBuilder().WithLogger(NullLogger.Instance).Build();
                await network.CreateAsync();
                s_network = network;
            }
            s_members++;
            return s_network;
        }
        finally { s_turn.Release(); }
    }

    public static async Task LeaveNetworkAsync()
    {
        await s_turn.WaitAsync();
        try
        {
            if (--s_members > 0 || s_network is not { } network) { return; }
            s_network = null;
            await network.DisposeAsync();
        }
        finally { s_turn.Release(); }
    }

    [GeneratedRegex(@"^\s*image:\s*(\S+)\s*$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex ImageLine();
}
