using System.Net;
using FirstCome.RulesTests.ServiceDefaults;
using Xunit;

namespace FirstCome.RulesTests.Gateway;

/// <summary>A page of the console lives in the memory of one instance of Web: whoever has come to it stays with it.</summary>
public sealed class AffinityTests(Edge edge) : IClassFixture<Edge>, IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false });

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Who_has_come_to_an_instance_stays_with_it_until_it_is_gone()
    {
        Registered.Set(edge.Gateway.Services, ("web", edge.One.Port), ("web", edge.Two.Port));
        var (first, cookie) = await AskAsync(null);
        Assert.Matches("^fc-instance=[0-9a-f]{16};.*httponly", cookie);
        var tag = cookie!.Split(';')[0];
        // By chance all of them would go there once in a million.
        for (var i = 0; i < 20; i++) { Assert.Equal((first, null), await AskAsync(tag)); }

        var left = first == "one" ? edge.Two : edge.One;
        Registered.Set(edge.Gateway.Services, ("web", left.Port));
        Assert.NotEqual(first, (await AskAsync(tag)).Instance);
        // A cookie of somebody's own making leads somewhere.
        Assert.NotEqual(first, (await AskAsync("fc-instance=../../etc")).Instance);
    }

    private async Task<(string Instance, string? Cookie)> AskAsync(string? tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(edge.Gateway.Client.BaseAddress!, "/console/dashboard"));
        if (tag is not null) { request.Headers.Add("Cookie", tag); }
        using var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (text.Split(' ')[0], answer.Headers.TryGetValues("Set-Cookie", out var set) ? set.Single() : null);
    }
}
