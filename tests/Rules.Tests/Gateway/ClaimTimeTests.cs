using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FirstCome.RulesTests.ServiceDefaults;
using Xunit;

namespace FirstCome.RulesTests.Gateway;

public sealed class ClaimTimeTests : IAsyncLifetime
{
    private readonly Edge _edge = new();

    public ValueTask InitializeAsync() => _edge.InitializeAsync();

    public ValueTask DisposeAsync() => _edge.DisposeAsync();

    [Fact]
    public async Task Two_tries_of_a_claim_take_no_longer_than_one_may()
    {
        // A connection takes a second until it is given up: one try leaves the other two tenths.
        var gateway = await _edge.GatewayAsync("--Gateway:ClaimTimeout=00:00:01.2");
        using var one = new Deaf();
        using var two = new Deaf();
        Registered.Set(gateway.Services, ("user-service", _edge.One.Port), ("issue-service", one.Port), ("issue-service", two.Port));
        await _edge.KeysAsync(gateway);

        var began = Stopwatch.GetTimestamp();
        var answer = await gateway.GetAsync($"/api/campaigns/{Guid.CreateVersion7()}/claims/me", ("Authorization", "Bearer " + _edge.Token()));
        var took = Stopwatch.GetElapsedTime(began);

        answer.ShouldBeProblem(503, "unavailable");
        Assert.InRange(took, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.7));
    }

    [Fact]
    public async Task An_instance_on_which_no_connection_comes_about_costs_no_claim()
    {
        using var deaf = new Deaf();
        Registered.Set(_edge.Gateway.Services, ("user-service", _edge.One.Port), ("issue-service", deaf.Port), ("issue-service", _edge.Two.Port));
        await _edge.KeysAsync();
        // It is chosen first in one of two, until it is known.
        for (var i = 0; i < 10; i++)
        {
            var answer = await _edge.Gateway.SendAsync(HttpMethod.Post, $"/api/campaigns/{Guid.CreateVersion7()}/claims", null, ("Authorization", "Bearer " + _edge.Token()));
            Assert.True(answer.Status == 200, answer.Text);
        }
    }

    // A port on which no connection comes about: the queue of those not taken yet is full, and the system drops what else comes.
    private sealed class Deaf : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), _queued = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public Deaf()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(0);
            _queued.Connect(_listener.LocalEndPoint!);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

        public void Dispose()
        {
            _queued.Dispose();
            _listener.Dispose();
        }
    }
}
