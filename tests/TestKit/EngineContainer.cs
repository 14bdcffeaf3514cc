using System.Globalization;
using Docker.DotNet;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Networks;
using Microsoft.Extensions.Logging.Abstractions;

namespace FirstCome.TestKit;

/// <summary>An engine as a container of the image that <c>compose.yaml</c> names, published at one port of the loopback; removed with its volumes when it is disposed.</summary>
/// <param name="image">The image's name without its tag.</param>
/// <param name="port">At the loopback, the same after a restart.</param>
/// <param name="innerPort">Where the engine listens within the container.</param>
internal sealed class EngineContainer(string image, int port, int innerPort, IReadOnlyDictionary<string, string> environment, IReadOnlyList<string> command) : IEngineProcess
{
    // The first start may have to get the image.
    private static readonly TimeSpan s_firstStartMax = TimeSpan.FromMinutes(10), s_startMax = TimeSpan.FromSeconds(60), s_killedMax = TimeSpan.FromSeconds(30);

    private readonly DockerClient _client = ContainerEngine.Client();
    private IContainer? _container;
    private Task<ContainerWaitResponse> _ended = Task.FromException<ContainerWaitResponse>(new InvalidOperationException("The engine was not started."));
    private bool _frozen;

    /// <summary>The name by which other containers reach it.</summary>
    public static string HostName(string image, int port) => string.Create(CultureInfo.InvariantCulture, $"{image[(image.LastIndexOf('/') + 1)..]}-{port}");

    public bool HasExited => _ended.IsCompleted;

    private IContainer Running => _container ?? throw new InvalidOperationException("The engine was not started.");

    public async Task StartAsync()
    {
        using var limit = new CancellationTokenSource(_container is null ? s_firstStartMax : s_startMax);
        if (_container is not null) { await KillAsync(); }
        else { _container = Build(await ContainerEngine.JoinNetworkAsync()); }
        await _container.StartAsync(limit.Token);
        _ended = _client.Containers.WaitContainerAsync(_container.Id);
    }

    public async Task StopAsync(TimeSpan limit)
    {
        await _client.Containers.StopContainerAsync(Running.Id, new ContainerStopParameters { WaitBeforeKillSeconds = (uint)limit.TotalSeconds });
        await _ended.WaitAsync(limit);
    }

    public async Task KillAsync()
    {
        // An engine refuses to kill what is paused.
        Thaw();
        if (!HasExited)
        {
            try { await _client.Containers.KillContainerAsync(Running.Id, new ContainerKillParameters { Signal = "SIGKILL" }); }
            catch (DockerApiException exception) when (exception.StatusCode == System.Net.HttpStatusCode.Conflict)
            {
                // It is ending by itself.
                await _ended.WaitAsync(s_killedMax);
            }
        }
        await _ended.WaitAsync(s_killedMax);
    }

    // A test goes on only when the engine stands still, as after a signal; the work runs beside the caller's synchronisation context, so that waiting for it cannot stop it.
    public void Freeze()
    {
        Task.Run(() => Running.PauseAsync()).GetAwaiter().GetResult();
        _frozen = true;
    }

    public void Thaw()
    {
        if (!_frozen) { return; }
        Task.Run(() => Running.UnpauseAsync()).GetAwaiter().GetResult();
        _frozen = false;
    }

    public async Task<string> OutputAsync()
    {
        var (output, error) = await Running.GetLogsAsync();
        return output + error;
    }

    public async ValueTask DisposeAsync()
    {
        if (_container is not null)
        {
            Thaw();
            await _container.DisposeAsync();
            await ContainerEngine.LeaveNetworkAsync();
        }
        _client.Dispose();
    }

    private IContainer Build(INetwork network) => new ContainerBuilder(ContainerEngine.ImageOfCompose(image)).WithLogger(NullLogger.Instance).WithNetwork(network)
        .WithNetworkAliases(HostName(image, port)).WithPortBinding(port, innerPort).WithCreateParameterModifier(OnLoopbackOnly).WithEnvironment(environment).WithCommand([.. command]).Build();

    private static void OnLoopbackOnly(CreateContainerParameters parameters)
    {
        foreach (var binding in parameters.HostConfig!.PortBindings!.Values.SelectMany(bindings => bindings)) { binding.HostIP = "127.0.0.1"; }
    }
}
