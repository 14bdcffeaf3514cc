using System.Globalization;
using FirstCome.TestKit;
using FirstCome.WireTests.Npm;
using Xunit;

namespace FirstCome.WireTests.Eureka;

/// <summary>npm's <c>eureka-js-client</c> against our server, as a service written in Node would use it.</summary>
public sealed class EurekaJsClientTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    // Tells what it sees of two services whenever that changes; SIGTERM stops it in order.
    private const string Script = """
        const { Eureka } = require('eureka-js-client');
        const client = new Eureka({
          instance: {
            app: 'node-app', instanceId: 'node-1', hostName: '127.0.0.5', ipAddr: '127.0.0.5', vipAddress: 'node-app', statusPageUrl: 'http://127.0.0.5:7005/info',
            port: { $: 7005, '@enabled': true }, metadata: { zone: 'z', '이름': '선착순' },
            dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
          },
          eureka: { host: '127.0.0.1', port: Number(process.argv[2]), servicePath: process.argv[3], heartbeatInterval: 200, registryFetchInterval: 200,
            fetchRegistry: true, registerWithEureka: true, shouldUseDelta: process.argv[4] === 'delta' },
          logger: { debug() {}, info() {}, warn() {}, error(...words) { console.error(...words); } },
        });
        let told = '';
        const tell = () => {
          const seen = JSON.stringify({ ids: client.getInstancesByAppId('COUPON-SERVICE').map(each => `${each.instanceId} ${each.status} ${each.port.$}`),
            vips: client.getInstancesByVipAddress('node-app').map(each => each.metadata && each.metadata['이름']) });
          if (seen !== told) { told = seen; console.log(seen); }
        };
        client.start(error => { if (error) { console.error(error); process.exit(1); } console.log('started'); setInterval(tell, 50); });
        process.on('SIGTERM', () => client.stop(() => process.exit(0)));
        """;

    [Fact]
    public async Task It_registers_finds_is_found_renews_and_leaves()
    {
        using var package = await NpmPackage.InstallAsync("eureka-js-client@4.5.0");
        await using var server = await StartedServer.StartAsync();
        foreach (var (path, fetch) in ((string, string)[])[("/eureka/apps/", "full"), ("/eureka/v2/apps/", "delta")]) await TryAsync(package, server, path, fetch);
    }

    private static async Task TryAsync(NpmPackage package, StartedServer server, string path, string fetch)
    {
        await using var node = package.Run(Script, server.Port.ToString(CultureInfo.InvariantCulture), path, fetch);
        await Eventually.TrueAsync(() => node.HasExited || node.Output.Contains("started"), Limit, "the client starts");
        await UntilToldAsync(node, """{"ids":[],"vips":["선착순"]}""");
        await using var coupons = await StartedClient.StartAsync(server.EurekaUrl, "coupon-service");
        await using var gateway = await StartedClient.StartAsync(server.EurekaUrl, "gateway");
        await UntilToldAsync(node, $$"""{"ids":["127.0.0.1:coupon-service:{{coupons.Port}} UP {{coupons.Port}}"],"vips":["선착순"]}""");
        await Eventually.TrueAsync(() => gateway.Registry.Instances("node-app") is [{ Port: 7005, Metadata: var metadata }] && metadata["zone"] == "z", Limit, "our client finds it");
        await coupons.StopAsync();
        await UntilToldAsync(node, """{"ids":[],"vips":["선착순"]}""");

        // Lost by the server, it registers again after its next heartbeat.
        using (await server.Http.DeleteAsync("/eureka/apps/NODE-APP/node-1"))
        {
            await Eventually.TrueAsync(async () => (await server.JsonAsync("/eureka/apps")).Contains("node-1"), Limit, "it is back");
        }

        node.SendTerminate();
        Assert.Equal(0, await node.WaitForExitAsync(Limit));
        Assert.DoesNotContain("node-1", await server.JsonAsync("/eureka/apps"));
    }

    private static async Task UntilToldAsync(ChildProcess node, string line)
    {
        try
        {
            await Eventually.TrueAsync(() => node.Output.TrimEnd('\n').Split('\n')[^1] == line, Limit, line);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"It should tell {line} and tells:\n{node.Output}\n{node.Error}");
        }
    }
}
