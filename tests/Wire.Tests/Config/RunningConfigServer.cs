using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;

namespace FirstCome.WireTests.Config;

/// <summary>The real service on a port of its own, within the test's process.</summary>
internal sealed class RunningConfigServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private RunningConfigServer(WebApplication application, int port)
    {
        _application = application;
        Url = new Uri($"http://127.0.0.1:{port}");
    }

    public Uri Url { get; }

    public static async Task<RunningConfigServer> StartAsync(
        string repository, CancellationToken cancellation, int? port = null, IEnumerable<string>? settings = null, Action<WebApplicationBuilder>? change = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var listenOn = port ?? FreePort();
            var application = ConfigServer.Program.Create(
            [
                $"--Service:Url=http://127.0.0.1:{listenOn}",
                "--Service:Key=a-key-for-tests-only-0123456789abcdef",
                "--Service:DrainTimeout=00:00:00",
                "--Eureka:ServerUrls=",
                $"--ConfigServer:RepositoryPath={repository}",
                "--ConfigServer:LabelCheckInterval=00:00:00",
                "--Logging:LogLevel:Default=None",
                .. settings ?? [],
            ], change);
            try
            {
                await application.StartAsync(cancellation);
                return new RunningConfigServer(application, listenOn);
            }
            catch (IOException) when (port is null && attempt < 5)
            {
                // Somebody else was faster to take the port.
                await application.DisposeAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync(CancellationToken.None);
        await _application.DisposeAsync();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
