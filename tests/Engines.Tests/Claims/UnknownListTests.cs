using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.TestKit;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Xunit;

namespace FirstCome.EnginesTests.Claims;

/// <summary>A campaign for an uploaded list that cannot be loaded: nobody wins, and nobody is told what is not known.</summary>
public sealed class UnknownListTests : IAsyncDisposable
{
    private readonly IssueServiceParts _parts = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_the_list_nobody_is_told_not_eligible_or_sold_out_and_winners_are_told_the_same_again()
    {
        await using var bench = await ClaimBench.StartAsync(
            LedgerEngine.Sqlite, quota: 1, campaign => campaign with { Audience = [new AudienceCondition(AudienceCondition.ListKind)], AudienceListVersion = 1 });
        await using var directory = _parts.Directory(bench);
        var campaign = directory.Take(bench.Campaign);
        var winner = Guid.CreateVersion7();
        await bench.AcceptAsync(winner);
        // From the gate, which takes the stranger for not eligible.
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, await AskAsync(bench, directory, Guid.CreateVersion7()));
        Assert.Equal(StatusCodes.Status200OK, await AskAsync(bench, directory, winner));

        // From memory, once somebody was told sold out.
        await Eventually.TrueAsync(async () =>
        {
            await campaign.Queue.SubmitAsync(new PendingClaim(new GateClaim(Guid.CreateVersion7(), IdempotencyKey.Hash(""), true), IdempotencyKey.Hash(""), null, long.MaxValue));
            Assert.Equal(StatusCodes.Status503ServiceUnavailable, await AskAsync(bench, directory, Guid.CreateVersion7()));
            return campaign.UsableSoldOut(DateTimeOffset.UtcNow) is not null;
        }, TimeSpan.FromSeconds(20), "being sold out is remembered over the answer");
    }

    public ValueTask DisposeAsync() => _parts.DisposeAsync();

    private async Task<int?> AskAsync(ClaimBench bench, CampaignDirectory directory, Guid member)
    {
        var context = new DefaultHttpContext { RequestAborted = Cancel };
        context.Features.Set(new Caller(member, Role.Member, new MemberAttributes("basic", [], DateTimeOffset.UnixEpoch, null), null, DateTimeOffset.MaxValue));
        var campaign = Assert.Single(directory.All).Id.ToString("D");
        var answer = await SubmitClaim.HandleAsync(campaign, context, directory, new LedgerClaims(bench.Ledger), _parts.Metrics, Options.Create(new ClaimOptions()), TimeProvider.System);
        return Assert.IsAssignableFrom<IStatusCodeHttpResult>(answer).StatusCode ?? StatusCodes.Status200OK;
    }
}
