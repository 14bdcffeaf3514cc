using System.Net;
using System.Net.Sockets;
using FirstCome.Contracts.Internal;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FirstCome.RulesTests.ServiceDefaults;

public sealed class ServiceClientsTests : IAsyncLifetime
{
    private int _calls;
    private int _breaks;
    private TinyService _called = null!;
    private TinyService _caller = null!;

    public async ValueTask InitializeAsync()
    {
        _called = await TinyService.StartAsync(app => app.Map("/thing", (HttpContext context) =>
        {
            Interlocked.Increment(ref _calls);
            if (Interlocked.Decrement(ref _breaks) >= 0) { context.Abort(); }
            return Results.Text($"{context.Request.Headers[InternalApi.ServiceKeyHeader]} {context.Request.Headers.TraceParent}");
        }), name: "called");
        _caller = await TinyService.StartAsync(app => app.MapGet("/relay", async (IHttpClientFactory clients, CancellationToken cancellationToken) =>
        {
            using var client = clients.CreateClient("called");
            return await client.GetStringAsync(new Uri("/thing", UriKind.Relative), cancellationToken);
        }), builder => builder.Services.AddServiceClient("called"));
    }

    public async ValueTask DisposeAsync()
    {
        await _caller.DisposeAsync();
        await _called.DisposeAsync();
    }

    [Fact]
    public async Task A_call_carries_the_key_and_the_trace()
    {
        Registered.Set(_caller.Services, ("called", _called.Port));
        var answer = await _caller.GetAsync("/relay", ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        Assert.StartsWith($"{TinyService.Key} 00-0af7651916cd43dd8448eb211c80319c-", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_is_added_twice_sends_the_key_once()
    {
        await using var caller = await TinyService.StartAsync(_ => { }, builder =>
        {
            builder.Services.AddServiceClient("called");
            builder.Services.AddServiceClient("called");
        });
        using var client = caller.Services.GetRequiredService<IHttpClientFactory>().CreateClient("called");
        Assert.Equal([TinyService.Key], client.DefaultRequestHeaders.GetValues(InternalApi.ServiceKeyHeader));
    }

    [Fact]
    public async Task Without_an_instance_the_caller_answers_unavailable() => (await _caller.GetAsync("/relay")).ShouldBeProblem(503, "unavailable");

    [Theory]
    [InlineData("GET"), InlineData("POST")]
    public async Task A_dead_instance_is_passed_over_whatever_the_method(string method)
    {
        Registered.Set(_caller.Services, ("called", ClosedPort()), ("called", _called.Port));
        for (var i = 0; i < 4; i++)
        {
            using var response = await SendAsync(method);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_broken_connection_is_tried_again_where_that_is_safe()
    {
        Registered.Set(_caller.Services, ("called", _called.Port));
        _breaks = 1;
        using var response = await SendAsync("GET");
        Assert.Equal((HttpStatusCode.OK, 2), (response.StatusCode, _calls));
    }

    [Theory]
    [InlineData("POST", 1), InlineData("GET", 3)]
    public async Task A_broken_connection_ends_the_call_in_the_end(string method, int calls)
    {
        Registered.Set(_caller.Services, ("called", _called.Port));
        _breaks = 100;
        await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(method));
        Assert.Equal(calls, _calls);
    }

    private async Task<HttpResponseMessage> SendAsync(string method)
    {
        using var client = _caller.Services.GetRequiredService<IHttpClientFactory>().CreateClient("called");
        using var request = new HttpRequestMessage(new HttpMethod(method), "/thing");
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    internal static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
