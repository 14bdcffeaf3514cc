using FirstCome.Eureka;
using FirstCome.Eureka.Wire;
using FirstCome.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;
using static FirstCome.RulesTests.DiscoveryServer.Instances;

namespace FirstCome.RulesTests.EurekaClient;

/// <summary>A reverse proxy whose clusters name services, as the library's README shows it.</summary>
public sealed class YarpTests
{
    [Fact]
    public async Task A_cluster_that_names_a_service_goes_where_its_instances_are()
    {
        await using var one = await StartAsync("one");
        await using var two = await StartAsync("two");
        await using var proxy = await ProxyAsync();
        var registry = proxy.Services.GetRequiredService<EurekaRegistry>();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(proxy.Urls.Single()) };

        registry.Replace(new("1", "", [InstanceOf(one)]));
        await Eventually.TrueAsync(async () => await AskAsync() == "one", TimeSpan.FromSeconds(10), "the instance is called");
        registry.Apply(new("2", "", [InstanceOf(one) with { Action = InstanceAction.Deleted }, InstanceOf(two)]));
        await Eventually.TrueAsync(async () => await AskAsync() == "two", TimeSpan.FromSeconds(10), "the other instance is called as soon as it is known");

        async Task<string> AskAsync()
        {
            using var answer = await http.GetAsync("/name");
            return await answer.Content.ReadAsStringAsync();
        }
    }

    private static async Task<WebApplication> StartAsync(string name)
    {
        var builder = Builder();
        var app = builder.Build();
        app.MapGet("/name", () => name);
        await app.StartAsync();
        return app;
    }

    private static async Task<WebApplication> ProxyAsync()
    {
        var builder = Builder();
        builder.Services.AddEurekaClient(options =>
        {
            options.ServerUrls.Add("http://127.0.0.1:1/eureka");
            options.Register = options.Fetch = false;
        });
        builder.Services.AddSingleton<IDestinationResolver, RegistryDestinations>();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "coupons", Match = new RouteMatch { Path = "{**all}" } }],
            [new ClusterConfig { ClusterId = "coupons", Destinations = new Dictionary<string, DestinationConfig> { ["any"] = new() { Address = "http://coupon-service" } } }]);
        var app = builder.Build();
        app.MapReverseProxy();
        await app.StartAsync();
        return app;
    }

    private static WebApplicationBuilder Builder()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        return builder;
    }

    private static InstanceInfo InstanceOf(WebApplication app)
    {
        var port = new Uri(app.Urls.Single()).Port;
        return Instance("COUPON-SERVICE", $"{port}") with { IpAddress = "127.0.0.1", Port = new(port, true) };
    }

    /// <summary>Where a cluster's destination names a service, its instances; asked again as soon as they change.</summary>
    private sealed class RegistryDestinations(EurekaRegistry registry) : IDestinationResolver
    {
        public ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
            IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellationToken)
        {
            // The token first: a change in between counts.
            var changed = registry.GetChangeToken();
            var resolved = new Dictionary<string, DestinationConfig>();
            foreach (var (name, destination) in destinations)
            {
                foreach (var instance in registry.Instances(new Uri(destination.Address).Host))
                    resolved[$"{name} {instance.InstanceId}"] = destination with { Address = instance.Uri.ToString() };
            }

            return new(new ResolvedDestinationCollection(resolved, changed));
        }
    }
}
