using FirstCome.Authentication;
using FirstCome.Engines.Log;
using FirstCome.Gateway.Documents;
using FirstCome.Gateway.Health;
using FirstCome.Gateway.Limits;
using FirstCome.Gateway.Pages;
using FirstCome.Gateway.Routing;
using FirstCome.Gateway.Security;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace FirstCome.Gateway;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        engines?.Invoke(builder);
        builder.AddServiceDefaults("gateway");
        builder.AddEventLog();
        builder.AddTokenAuthentication();
        builder.Services.AddCheckedOptions<GatewayOptions>("Gateway");
        builder.Services.AddForwarding();
        builder.Services.AddHealthSignal<WholeSystem>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<WholeSystem>());
        builder.WebHost.ConfigureKestrel(LimitConnections);
        builder.Services.DropOutsideTraces();
        // The forwarder would write two lines a request.
        builder.Logging.AddFilter("Yarp", LogLevel.Warning);
        // Its warning for each failed request comes with a stack; ForwardRequest tells of failures itself, bounded.
        builder.Logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.Error);

        var app = builder.Build();
        var options = app.Configuration.Read<GatewayOptions>("Gateway");
        app.UseTrustedProxies(options);
        app.UseSecurityHeaders();
        app.UseCrossOrigin(options);
        app.MapServiceDefaults();
        app.UseTokenAuthentication(app.Services.GetRequiredService<RequestLimits>().Admit, vouches: true);
        app.MapTime();
        app.MapProblemPages();
        app.MapApiDocs();
        app.MapGet("/openapi.json", app.Services.GetRequiredService<ServeOpenApi>().HandleAsync).ExcludeFromDescription();
        app.MapRoutes(RouteTable.All);
        return app;
    }

    private static void AddForwarding(this IServiceCollection services)
    {
        services.AddHttpForwarder();
        services.AddCors();
        services.AddSingleton<UpstreamClient>();
        services.AddSingleton<Destinations>();
        services.AddSingleton<GatewayMeasures>();
        services.AddSingleton<RequestLimits>();
        services.AddSingleton<ForwardRequest>();
        services.AddSingleton<ServeOpenApi>();
        ServeOpenApi.AddClients(services);
    }

    private static void LimitConnections(WebHostBuilderContext context, KestrelServerOptions server)
    {
        var connectionsMax = context.Configuration.Read<GatewayOptions>("Gateway").ConnectionsMax;
        server.Limits.MaxConcurrentConnections = connectionsMax;
        server.Limits.MaxConcurrentUpgradedConnections = connectionsMax / 4;
        server.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        // Who sends slower than a telephone line holds a connection for nothing.
        server.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        server.Limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
    }
}
