using System.Net;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.WireTests.Eureka.Peers;

/// <summary>Three servers, each a process, with a network between each two that can be cut.</summary>
public sealed class ThreeServersTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    private readonly ServerProcess[] _servers;
    private readonly Dictionary<(int From, int To), NetworkProxy> _links = [];

    public ThreeServersTests()
    {
        var port = FreePorts.Block(3);
        _servers = [new("first", port), new("second", port + 1), new("third", port + 2)];
    }

    public ValueTask InitializeAsync()
    {
        foreach (var from in Enumerable.Range(0, 3))
        {
            foreach (var to in Enumerable.Range(0, 3).Where(to => to != from)) _links[(from, to)] = NetworkProxy.Start(() => _servers[to].Port);
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
        foreach (var link in _links.Values) await link.DisposeAsync();
    }

    [Fact]
    public async Task What_one_is_told_all_know_through_a_cut_and_a_death_and_no_live_instance_is_lost()
    {
        var (first, second, third) = (_servers[0], _servers[1], _servers[2]);
        Assert.Empty(await StartAsync(0));
        await using var a = await LiveInstance.StartAsync("a", first);

        // They have taken over what the first knows before they answer.
        var taken = await Task.WhenAll(StartAsync(1), StartAsync(2));
        Assert.All(taken, instances => Assert.Equal(["a"], instances));

        await using var b = await LiveInstance.StartAsync("b", second);
        await using var c = await LiveInstance.StartAsync("c", third);
        var moving = await LiveInstance.StartAsync("moving", third);
        await AllKnowAsync("a", "b", "c", "moving");
        Assert.Equal(HttpStatusCode.OK, await second.SendAsync(HttpMethod.Put, "a/status?value=OUT_OF_SERVICE"));
        await AllKnowAsync("a OUT_OF_SERVICE", "b", "c", "moving");
        Assert.Equal(HttpStatusCode.OK, await third.SendAsync(HttpMethod.Delete, "a/status?value=UP"));
        await AllKnowAsync("a", "b", "c", "moving");

        // The third is cut off: each side keeps the instances that it hears of, and loses the others.
        foreach (var link in LinksOf(2)) link.Cut();
        await moving.LeaveAsync();
        await using var moved = await LiveInstance.StartAsync("moving", first, dirtyTimestamp: 2);
        await using var late = await LiveInstance.StartAsync("late", second);
        await KnowAsync([first, second], "a", "b", "late", "moving");
        await KnowAsync([third], "c");

        // The third has a cancellation to tell of an instance that lives elsewhere by now.
        foreach (var link in LinksOf(2)) link.Restore();
        await Eventually.TrueAsync(async () =>
        {
            Assert.Superset(new HashSet<string> { "a", "moving" }, (await first.InstancesAsync()).ToHashSet());
            Assert.Contains("c", await third.InstancesAsync());
            return await DoAllKnowAsync("a", "b", "c", "late", "moving");
        }, Limit, "all know all again");

        await first.KillAsync();
        a.MoveTo(second);
        moved.MoveTo(third);
        await KnowAsync([second, third], "a", "b", "c", "late", "moving");
        Assert.Equal(["a", "b", "c", "late", "moving"], await StartAsync(0));
        await AllKnowAsync("a", "b", "c", "late", "moving");
    }

    private Task<string[]> StartAsync(int server) => _servers[server].StartAsync(_links.Where(link => link.Key.From == server).Select(link => link.Value));

    private IEnumerable<NetworkProxy> LinksOf(int server) =>
        _links.Where(link => link.Key.From == server || link.Key.To == server).Select(link => link.Value);

    private Task AllKnowAsync(params string[] instances) => KnowAsync(_servers, instances);

    private static async Task KnowAsync(ServerProcess[] servers, params string[] instances)
    {
        foreach (var server in servers)
        {
            string[] seen = [];
            try
            {
                await Eventually.TrueAsync(async () => (seen = await server.InstancesAsync()).SequenceEqual(instances), Limit, "");
            }
            catch (TimeoutException)
            {
                Assert.Fail($"{server.Name} knows {string.Join(", ", seen)}, not {string.Join(", ", instances)}\n{server.Output}");
            }
        }
    }

    private async Task<bool> DoAllKnowAsync(params string[] instances)
    {
        foreach (var server in _servers)
        {
            if (!(await server.InstancesAsync()).SequenceEqual(instances)) return false;
        }

        return true;
    }
}
