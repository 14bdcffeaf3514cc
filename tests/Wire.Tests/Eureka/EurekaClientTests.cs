using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FirstCome.Eureka;
using FirstCome.Eureka.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Xunit;
using static FirstCome.WireTests.Eureka.StartedClient;

namespace FirstCome.WireTests.Eureka;

public sealed class EurekaClientTests
{
    [Fact]
    public async Task A_started_service_is_found_by_others_whatever_the_case_of_its_name()
    {
        await using var server = await StartedServer.StartAsync();
        await using var coupons = await StartedClient.StartAsync(server.EurekaUrl, "coupon-service", options => options.Metadata["zone"] = "a");
        await using var gateway = await StartedClient.StartAsync(server.EurekaUrl, "gateway");
        await Eventually(() => gateway.Registry.Instances("coupon-service").Count == 1, "the gateway sees the service");
        var instance = Assert.Single(gateway.Registry.Instances("COUPON-Service"));
        Assert.Equal($"http://127.0.0.1:{coupons.Port}/", instance.Uri.ToString());
        Assert.Equal($"127.0.0.1:coupon-service:{coupons.Port}", instance.InstanceId);
        Assert.Equal("a", instance.Metadata["zone"]);
        Assert.Empty(gateway.Registry.Instances("user-service"));
        await Eventually(
            () => gateway.Registry.State is { Reachable: true, LastError: null, LastFetchedAt: not null, Registered: true },
            "the state tells that all is well");
    }

    [Fact]
    public async Task A_graceful_stop_takes_the_instance_out_and_is_prompt()
    {
        await using var server = await StartedServer.StartAsync();
        await using var gateway = await StartedClient.StartAsync(server.EurekaUrl, "gateway");
        await using var coupons = await StartedClient.StartAsync(server.EurekaUrl, "coupon-service");
        await Eventually(() => gateway.Registry.Instances("coupon-service").Count == 1, "the gateway sees the service");
        var changed = gateway.Registry.GetChangeToken();
        var stop = Stopwatch.StartNew();
        await coupons.StopAsync();
        Assert.True(stop.Elapsed < TimeSpan.FromSeconds(2), $"the stop took {stop.Elapsed}");
        using var answer = await server.Http.GetAsync("/eureka/apps/COUPON-SERVICE", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        await Eventually(() => gateway.Registry.Instances("coupon-service").Count == 0, "the gateway sees it gone");
        Assert.True(changed.HasChanged);
    }

    [Fact]
    public async Task With_the_server_gone_the_last_answer_stays_and_a_new_server_is_registered_with()
    {
        await using var first = await StartedServer.StartAsync();
        await using var coupons = await StartedClient.StartAsync(first.EurekaUrl, "coupon-service", SlowRenewal);
        await using var gateway = await StartedClient.StartAsync(first.EurekaUrl, "gateway", SlowRenewal);
        await Eventually(() => gateway.Registry.Instances("coupon-service").Count + gateway.Registry.Instances("gateway").Count == 2, "both are seen");
        var changed = gateway.Registry.GetChangeToken();

        await first.DisposeAsync();
        await Eventually(() => !gateway.Registry.State.Reachable, "the gateway notices");
        Assert.NotNull(gateway.Registry.State.LastError);
        Assert.Single(gateway.Registry.Instances("coupon-service"));

        // The new server's empty registry does not take away what was known: the instances are on their way back.
        await using var second = await StartedServer.StartAsync(first.Port);
        await Eventually(() => Knows(second, "COUPON-SERVICE") && Knows(second, "GATEWAY"), "both have registered again after the 404");
        var seen = DateTimeOffset.UtcNow;
        await Eventually(() => gateway.Registry.State.LastFetchedAt > seen, "the gateway has fetched again");
        Assert.False(changed.HasChanged);

        static void SlowRenewal(EurekaClientOptions options) => options.RenewalInterval = TimeSpan.FromSeconds(5);
    }

    [Fact]
    public async Task A_service_starts_without_a_server_and_registers_when_there_is_one()
    {
        var port = FreePort();
        var start = Stopwatch.StartNew();
        await using var coupons = await StartedClient.StartAsync($"http://127.0.0.1:{port}/eureka", "coupon-service");
        Assert.True(start.Elapsed < TimeSpan.FromSeconds(5), $"the start took {start.Elapsed}");
        await Eventually(() => coupons.Registry.State.LastError is not null, "the failure is told");
        Assert.False(coupons.Registry.State.Reachable);
        await using var server = await StartedServer.StartAsync(port);
        await Eventually(() => coupons.Registry.Instances("coupon-service").Count == 1, "it is registered and sees itself");
        await server.DisposeAsync();
        var stop = Stopwatch.StartNew();
        await coupons.StopAsync();
        Assert.True(stop.Elapsed < TimeSpan.FromSeconds(2), $"the stop without a server took {stop.Elapsed}");
    }

    [Fact]
    public async Task The_last_registry_on_disk_serves_a_start_without_a_server()
    {
        var folder = Directory.CreateTempSubdirectory("registry-");
        try
        {
            var file = Path.Combine(folder.FullName, "kept", "registry.json");
            string url;
            await using (var server = await StartedServer.StartAsync())
            {
                url = server.EurekaUrl;
                await using var coupons = await StartedClient.StartAsync(url, "coupon-service");
                await using var gateway = await StartedClient.StartAsync(url, "gateway", options => options.CacheFile = file);
                await Eventually(() => File.Exists(file) && File.ReadAllText(file).Contains("COUPON-SERVICE"), "the registry is kept");
            }

            await using var later = await StartedClient.StartAsync(url, "gateway", options => options.CacheFile = file);
            Assert.Single(later.Registry.Instances("coupon-service"));
            Assert.False(later.Registry.State.Reachable);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_next_server_is_asked_when_the_first_does_not_answer()
    {
        await using var server = await StartedServer.StartAsync();
        await using var gateway = await StartedClient.StartAsync(
            $"http://127.0.0.1:{FreePort()}/eureka", "gateway", options => options.ServerUrls.Add(server.EurekaUrl));
        await Eventually(() => gateway.Registry.Instances("gateway").Count == 1, "the second server is used");
    }

    [Fact]
    public async Task The_status_follows_what_the_process_says_of_itself()
    {
        var status = InstanceStatus.Up;
        await using var server = await StartedServer.StartAsync();
        await using var coupons = await StartedClient.StartAsync(server.EurekaUrl, "coupon-service", options => options.Status = () => status);
        await Eventually(() => coupons.Registry.Instances("coupon-service").Count == 1, "it is UP");
        status = InstanceStatus.Down;
        await Eventually(() => coupons.Registry.Instances("coupon-service").Count == 0, "it is DOWN");
        Assert.Contains("\"DOWN\"", await server.JsonAsync("/eureka/apps/COUPON-SERVICE"));
        status = InstanceStatus.Up;
        await Eventually(() => coupons.Registry.Instances("coupon-service").Count == 1, "it is UP again");
    }

    [Fact]
    public async Task The_status_follows_the_health_checks_of_the_host()
    {
        var isWell = true;
        await using var server = await StartedServer.StartAsync();
        await using var coupons = await StartedClient.StartAsync(server.EurekaUrl, "coupon-service", services: services =>
        {
            services.AddEurekaStatusFromHealth();
            services.AddHealthChecks().AddCheck("database", () => isWell ? HealthCheckResult.Degraded() : HealthCheckResult.Unhealthy());
            services.Configure<HealthCheckPublisherOptions>(publisher => (publisher.Delay, publisher.Period) = (TimeSpan.Zero, TimeSpan.FromSeconds(1)));
        });
        await Eventually(() => coupons.Registry.Instances("coupon-service").Count == 1, "it is UP");
        isWell = false;
        await Eventually(() => coupons.Registry.Instances("coupon-service").Count == 0, "it is DOWN");
        isWell = true;
        await Eventually(() => coupons.Registry.Instances("coupon-service").Count == 1, "it is UP again");
    }

    [Fact]
    public async Task A_failed_instance_is_avoided_for_a_while_and_only_while_others_remain()
    {
        await using var server = await StartedServer.StartAsync();
        await using var one = await StartedClient.StartAsync(server.EurekaUrl, "coupon-service");
        await using var two = await StartedClient.StartAsync(server.EurekaUrl, "coupon-service");
        await using var gateway = await StartedClient.StartAsync(
            server.EurekaUrl, "gateway", options => options.QuarantineDuration = TimeSpan.FromSeconds(1));
        await Eventually(() => gateway.Registry.Instances("coupon-service").Count == 2, "both are seen");
        var both = gateway.Registry.Instances("coupon-service");

        gateway.Registry.ReportFailure(both[0]);
        Assert.Equal([both[1]], gateway.Registry.Instances("coupon-service"));
        gateway.Registry.ReportFailure(both[1]);
        Assert.Equal(2, gateway.Registry.Instances("coupon-service").Count);
        var changed = gateway.Registry.GetChangeToken();
        await Eventually(() => gateway.Registry.Instances("coupon-service").Count == 2 && !changed.HasChanged, "both are back");
    }

    [Fact]
    public async Task Service_names_in_addresses_are_resolved_in_turn_and_changes_count_at_once()
    {
        await using var server = await StartedServer.StartAsync();
        await using var one = await StartedClient.StartAsync(server.EurekaUrl, "coupon-service");
        await using var two = await StartedClient.StartAsync(server.EurekaUrl, "coupon-service");
        await using var gateway = await StartedClient.StartAsync(server.EurekaUrl, "gateway", services: services =>
        {
            services.AddServiceDiscovery().AddEurekaEndpointProvider();
            services.AddHttpClient("peers").AddServiceDiscovery();
        });
        await Eventually(() => gateway.Registry.Instances("coupon-service").Count == 2, "both are seen");
        using var http = gateway.Services.GetRequiredService<IHttpClientFactory>().CreateClient("peers");

        string[] both = [$"coupon-service on http://127.0.0.1:{one.Port}", $"coupon-service on http://127.0.0.1:{two.Port}"];
        Assert.Equal(both.Order(), (await Ask(http, 10)).Order());
        await one.StopAsync();
        await Eventually(() => gateway.Registry.Instances("coupon-service").Count == 1, "one has left");
        Assert.Equal([$"coupon-service on http://127.0.0.1:{two.Port}"], await Ask(http, 10));
        Assert.StartsWith("coupon-service", await http.GetStringAsync($"http://127.0.0.1:{two.Port}/name", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Wrong_options_are_told_all_at_once()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => StartedClient.StartAsync("ftp://registry", "Not A Name", options =>
        {
            options.RenewalInterval = TimeSpan.Zero;
            options.Port = 70000;
        }));
        Assert.Equal(["App", "Port", "RenewalInterval", "ServerUrls"], failure.Failures.Select(told => told.Split(':', ' ')[1]).Order());
    }

    private static async Task<IReadOnlyCollection<string>> Ask(HttpClient http, int times)
    {
        var answers = new HashSet<string>();
        for (var i = 0; i < times; i++) answers.Add(await http.GetStringAsync("http://coupon-service/name", TestContext.Current.CancellationToken));
        return answers;
    }

    private static bool Knows(StartedServer server, string app)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/eureka/apps/{app}");
        using var answer = server.Http.Send(request, TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
