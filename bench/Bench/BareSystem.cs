using System.Globalization;
using Yarp.ReverseProxy.Configuration;

namespace FirstCome.Bench;

/// <summary>What the claims are measured against: a bare Kestrel endpoint behind a bare YARP, both in one process as the all-in-one is, or each in its own. Arguments: bare PROXY_PORT ENDPOINT_PORT [proxy|endpoint].</summary>
internal static class BareSystem
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (proxyPort, endpointPort) = (int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture));
        var endpoint = Build(endpointPort, _ => { });
        endpoint.MapPost("/accepted/{bytes:int}", (int bytes, HttpContext context) => AnswerAsync(context, 202, bytes));
        endpoint.MapPost("/refused/{bytes:int}", (int bytes, HttpContext context) => AnswerAsync(context, 409, bytes));
        var proxy = Build(proxyPort, services => services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "endpoint", Match = new RouteMatch { Path = "{**all}" } }],
            [new ClusterConfig { ClusterId = "endpoint", Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = $"http://127.0.0.1:{endpointPort}" } } }]));
        proxy.MapReverseProxy();
        switch (args.ElementAtOrDefault(3))
        {
            case "endpoint": await endpoint.RunAsync(); break;
            case "proxy": await proxy.RunAsync(); break;
            default: await endpoint.StartAsync(); await proxy.RunAsync(); break;
        }
        return 0;
    }

    private static WebApplication Build(int port, Action<IServiceCollection> add)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        add(builder.Services);
        return builder.Build();
    }

    private static Task AnswerAsync(HttpContext context, int status, int bytes)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes;
        return context.Response.Body.WriteAsync(new byte[bytes], 0, bytes);
    }
}
