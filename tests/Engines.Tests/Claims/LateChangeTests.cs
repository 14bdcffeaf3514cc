using System.Net;
using System.Net.Http.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using Xunit;

namespace FirstCome.EnginesTests.Claims;

/// <summary>An instance that knows a campaign as a draft, and is asked for it before the change that made it claimable has come.</summary>
public sealed class LateChangeTests : IAsyncDisposable
{
    private readonly IssueServiceParts _parts = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_draft_is_asked_for_before_it_is_denied()
    {
        await using var bench = await ClaimBench.StartAsync(LedgerEngine.Sqlite, quota: 1);
        var draft = bench.Campaign with { Phase = CampaignPhase.Draft };
        var owner = new Owner { Campaign = draft };
        await using var directory = _parts.Directory(bench, owner);
        directory.Take(draft);
        for (var i = 0; i < 3; i++) { Assert.Equal(CampaignPhase.Draft, (await directory.FindAsync(draft.Id, Cancel))!.Snapshot.Phase); }
        // Who asks for a draft again and again does not reach its owner each time.
        Assert.Equal(1, owner.Asked);

        await using var other = _parts.Directory(bench, owner);
        other.Take(draft);
        owner.Campaign = draft with { Phase = CampaignPhase.Active, Version = draft.Version + 1 };
        Assert.Equal(CampaignPhase.Active, (await other.FindAsync(draft.Id, Cancel))!.Snapshot.Phase);
        await other.FindAsync(draft.Id, Cancel);
        Assert.Equal(2, owner.Asked);
    }

    public ValueTask DisposeAsync() => _parts.DisposeAsync();

    private sealed class Owner : HttpMessageHandler
    {
        public required Campaign Campaign { get; set; }

        public int Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked++;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = JsonContent.Create(Campaign, MessageJson.Default.Campaign) });
        }
    }
}
