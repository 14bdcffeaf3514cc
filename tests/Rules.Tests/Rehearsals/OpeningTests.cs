using System.Text.Json.Nodes;
using FirstCome.Rehearsal.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FirstCome.RulesTests.Rehearsals;

public sealed class OpeningTests
{
    private static readonly TimeSpan s_until = TimeSpan.FromSeconds(2), s_slow = TimeSpan.FromMilliseconds(300);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_of_the_crowd_is_early_whichever_way_of_the_answer_is_slow(bool isSlowThere)
    {
        DateTimeOffset? opensAt = null;
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        await using var gateway = builder.Build();
        gateway.MapGet("/api/time", async (CancellationToken cancellationToken) =>
        {
            if (isSlowThere) { await Task.Delay(s_slow, cancellationToken); }
            var now = DateTimeOffset.UtcNow;
            if (!isSlowThere) { await Task.Delay(s_slow, cancellationToken); }
            return Results.Json(new { now });
        });
        gateway.MapPatch("/api/campaigns/{id}", (JsonObject body) =>
        {
            opensAt = body["opensAt"]!.GetValue<DateTimeOffset>();
            return Results.Json(body);
        });
        gateway.MapPost("/api/campaigns/{id}/schedule", () => Results.Json(new { }));
        await gateway.StartAsync(TestContext.Current.CancellationToken);
        using var client = new GatewayClient(new Uri(gateway.Urls.Single()), _ => ValueTask.FromResult("token"), 1);

        // Server and crowd share this machine's clock.
        var here = await client.ScheduleAsync(Guid.NewGuid(), s_until, TestContext.Current.CancellationToken);
        Assert.True(here >= opensAt, $"{opensAt - here} early");
        Assert.True(here - opensAt < s_slow * 5, $"{here - opensAt} late");
    }
}
