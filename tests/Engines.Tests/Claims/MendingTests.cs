using FirstCome.Contracts.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.IssueService.Operations;
using FirstCome.IssueService.Orders;
using FirstCome.Ledger;
using FirstCome.TestKit;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace FirstCome.EnginesTests.Claims;

/// <summary>What mends a ledger: the repair, the sweep of marked claims that it lacks, an operator's re-drive.</summary>
public sealed class MendingTests : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    private readonly IssueServiceParts _parts = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_marked_claim_that_the_log_lost_is_published_again_with_its_whole_key_hash()
    {
        await using var bench = await ClaimBench.StartAsync(LedgerEngine.Sqlite, quota: 5);
        await using var directory = _parts.Directory(bench);
        var campaign = directory.Take(bench.Campaign);
        var (member, lost) = await LoseAsync(bench, "a-key");
        using var compare = new CompareClaims(bench.Ledger, bench.Log, IssueServiceParts.Nobody, TimeProvider.System);
        var reconciliation = bench.Reconciliation(compare, IssueServiceParts.Nobody);
        Assert.True(await reconciliation.LacksRowsAsync(campaign, Cancel));
        Assert.Equal(1, (await reconciliation.RepairAsync(campaign, dryRun: true, Cancel)).MarkedClaimsPublished);
        Assert.Empty(await bench.RecordAsync());

        Assert.Equal(1, (await reconciliation.RepairAsync(campaign, dryRun: false, Cancel)).MarkedClaimsPublished);
        Assert.Equal(1, Assert.Single(await bench.RecordAsync()).New);
        Assert.False(await reconciliation.LacksRowsAsync(campaign, Cancel));
        // The gate that is loaded from this row knows the key, too.
        await bench.FlushAsync();
        await bench.RebuildAsync();
        var again = await bench.ReserveAsync(member, "a-key");
        Assert.Equal((GateVerdict.Held, lost.Sequence), (again.Verdict, again.Sequence));
        Assert.Equal(GateVerdict.LimitReached, (await bench.ReserveAsync(member, "another-key")).Verdict);
    }

    [Fact]
    public async Task A_marked_claim_that_the_log_lost_is_found_by_the_sweep()
    {
        await using var bench = await ClaimBench.StartAsync(LedgerEngine.Sqlite, quota: 5);
        await using var directory = _parts.Directory(bench);
        directory.Take(bench.Campaign);
        await LoseAsync(bench, "");
        using var compare = new CompareClaims(bench.Ledger, bench.Log, IssueServiceParts.Nobody, TimeProvider.System);
        using var sweep = new SweepMissing(
            directory, bench.Reconciliation(compare, IssueServiceParts.Nobody), _parts.Metrics, Options.Create(new ClaimOptions { MissingInterval = TimeSpan.FromSeconds(1) }), TimeProvider.System,
            NullLogger<SweepMissing>.Instance);
        await sweep.StartAsync(Cancel);
        await Eventually.TrueAsync(async () =>
        {
            await bench.RecordAsync();
            return await bench.CountAsync("SELECT COUNT(*) FROM claim WHERE campaign_id = @id") == 1;
        }, s_limit, "the claim is in the ledger");
        await sweep.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_re_drive_gives_no_second_coupon_of_a_group()
    {
        await using var bench = await ClaimBench.StartAsync(
            LedgerEngine.Sqlite, quota: 5, campaign => campaign with { Group = "spring", PerMember = 2, Audience = [new AudienceCondition(AudienceCondition.FirstInGroupKind)] });
        await using var directory = _parts.Directory(bench);
        var member = Guid.CreateVersion7();
        await bench.PublishAsync(member, new GateAnswer(GateVerdict.Won, 1, 1, 1), 1, "a");
        await bench.PublishAsync(member, new GateAnswer(GateVerdict.Won, 2, 2, 1), 1, "b");
        await bench.RecordAsync();
        var letter = await bench.Ledger.ReadAsync(async (connection, token) =>
        {
            await using var command = LedgerValues.Command(connection, null, "SELECT id FROM dead_letter");
            return LedgerValues.Id((byte[])(await command.ExecuteScalarAsync(token))!);
        }, Cancel);
        var letters = new DeadLetters(bench.Ledger, bench.Log, new ReleasePlace(bench.Ledger, directory, TimeProvider.System), TimeProvider.System);

        Assert.Equal(StatusCodes.Status409Conflict, Status(await letters.RedriveAsync(letter, Guid.CreateVersion7(), Cancel)));
        Assert.Equal(1, await bench.CountAsync("SELECT COUNT(*) FROM claim WHERE campaign_id = @id AND state = 1"));
        // Where the member holds none of the group any more, the same letter can be issued.
        await bench.Ledger.WriteAsync(async (connection, transaction, token) =>
        {
            await using var command = LedgerValues.Command(connection, transaction, "DELETE FROM group_member");
            await command.ExecuteNonQueryAsync(token);
        }, Cancel);
        Assert.Equal(StatusCodes.Status200OK, Status(await letters.RedriveAsync(letter, Guid.CreateVersion7(), Cancel)));
    }

    public ValueTask DisposeAsync() => _parts.DisposeAsync();

    /// <summary>A claim that the gate has marked and that is in no log.</summary>
    private static async Task<(Guid Member, GateAnswer Lost)> LoseAsync(ClaimBench bench, string key)
    {
        var member = Guid.CreateVersion7();
        var lost = await bench.ReserveAsync(member, key);
        Assert.True(await bench.MarkAsync(member, lost, bench.Gate.Generation));
        return (member, lost);
    }

    private static int? Status(IResult result) => Assert.IsAssignableFrom<IStatusCodeHttpResult>(result).StatusCode;
}
