using System.Text.Json;
using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.IssueService.Campaigns;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;
using Role = FirstCome.Authentication.Role;

namespace FirstCome.IssueService.Operations;

/// <summary>The trail of repairs, and of scheduled runs that found something else than the run before; <c>GET /api/operations/campaigns/{id}/reconciliation/runs</c>, newest first.</summary>
internal sealed class ReconciliationRuns(Database ledger, TimeProvider time)
{
    private const int ListMax = 100;

    /// <param name="Actor">Who asked for the repair; null for a scheduled run.</param>
    /// <param name="Outcome">A <see cref="RepairReport"/>, or <c>unfinished</c> where the repair has not come to its end; of a scheduled run the differences, none where nothing differed.</param>
    internal sealed record Run(DateTimeOffset At, Guid? Actor, JsonElement Outcome);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/operations/campaigns/{id}/reconciliation/runs", async (string id, CampaignDirectory directory, ReconciliationRuns runs, CancellationToken cancellationToken) =>
            await ListClaims.KnownAsync(id, directory, cancellationToken) is { } campaign ? Results.Ok(new Page<Run>(await runs.ListAsync(campaign, cancellationToken), null)) : Problems.Result(ProblemTypes.CampaignUnknown))
        .RequireRole(Role.Operator).WithTags("Operations").WithName("ReconciliationRuns").WithSummary("The last hundred repairs, and scheduled runs that found something else than the one before, newest first.")
        .Produces<Page<Run>>().ProducesProblem(404);

    /// <summary>Keeps what a scheduled run found, unless the one before it found the same.</summary>
    public async Task KeepIfNewAsync(Guid campaign, JsonElement differences, CancellationToken cancellationToken)
    {
        var last = await ListAsync("campaign_id = @id AND actor IS NULL", 1, campaign, cancellationToken);
        if (last.Count == 0 || !JsonElement.DeepEquals(last[0].Outcome, differences)) { await KeepAsync(campaign, null, differences, cancellationToken); }
    }

    /// <summary>A repair is about to begin: whatever becomes of it, the trail knows who asked for it.</summary>
    /// <returns>What <see cref="EndAsync"/> wants.</returns>
    public Task<Guid> BeginAsync(Guid campaign, Guid actor, CancellationToken cancellationToken) =>
        KeepAsync(campaign, actor, JsonSerializer.SerializeToElement(new { unfinished = true }, ApiJson.Options), cancellationToken);

    public Task EndAsync(Guid campaign, Guid run, JsonElement outcome, CancellationToken cancellationToken) => ledger.WriteAsync(async (connection, transaction, token) =>
    {
        await using var command = LedgerValues.Command(
            connection, transaction, "UPDATE reconciliation_run SET outcome = @outcome WHERE campaign_id = @id AND run_id = @run",
            ("@id", LedgerValues.Id(campaign)), ("@run", LedgerValues.Id(run)), ("@outcome", outcome.GetRawText()));
        return await command.ExecuteNonQueryAsync(token);
    }, cancellationToken);

    private Task<Guid> KeepAsync(Guid campaign, Guid? actor, JsonElement outcome, CancellationToken cancellationToken) => ledger.WriteAsync(async (connection, transaction, token) =>
    {
        var run = Guid.CreateVersion7();
        await using var command = LedgerValues.Command(
            connection, transaction, "INSERT INTO reconciliation_run (campaign_id, run_at, run_id, actor, outcome) VALUES (@id, @at, @run, @actor, @outcome)",
            ("@id", LedgerValues.Id(campaign)), ("@at", time.GetUtcNow().ToUnixTimeMilliseconds()), ("@run", LedgerValues.Id(run)), ("@actor", actor is { } member ? LedgerValues.Id(member) : null),
            ("@outcome", outcome.GetRawText()));
        await command.ExecuteNonQueryAsync(token);
        return run;
    }, cancellationToken);

    /// <summary>True for the one instance that is to reconcile the campaign now.</summary>
    public async Task<bool> TakeTurnAsync(Guid campaign, TimeSpan interval, CancellationToken cancellationToken) => await ledger.WriteAsync(async (connection, transaction, token) =>
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        await using var command = LedgerValues.Command(
            connection, transaction, "UPDATE campaign SET reconciled_at = @now WHERE campaign_id = @id AND reconciled_at <= @before",
            ("@now", now), ("@id", LedgerValues.Id(campaign)), ("@before", now - (long)interval.TotalMilliseconds));
        return await command.ExecuteNonQueryAsync(token);
    }, cancellationToken) == 1;

    /// <summary>The run that had its turn did not come to an end: it is somebody's turn this much earlier.</summary>
    public Task GiveTurnBackAsync(Guid campaign, TimeSpan earlier, CancellationToken cancellationToken) => ledger.WriteAsync(async (connection, transaction, token) =>
    {
        await using var command = LedgerValues.Command(
            connection, transaction, "UPDATE campaign SET reconciled_at = reconciled_at - @earlier WHERE campaign_id = @id", ("@earlier", (long)earlier.TotalMilliseconds), ("@id", LedgerValues.Id(campaign)));
        return await command.ExecuteNonQueryAsync(token);
    }, cancellationToken);

    public Task<List<Run>> ListAsync(Guid campaign, CancellationToken cancellationToken) => ListAsync("campaign_id = @id", ListMax, campaign, cancellationToken);

    private Task<List<Run>> ListAsync(string which, int max, Guid campaign, CancellationToken cancellationToken) => ledger.ReadAsync(async (connection, token) =>
    {
        var runs = new List<Run>();
        await using var command = LedgerValues.Command(
            connection, null, $"SELECT run_at, actor, outcome FROM reconciliation_run WHERE {which} ORDER BY run_at DESC, run_id DESC LIMIT {max}", ("@id", LedgerValues.Id(campaign)));
        await using var rows = await command.ExecuteReaderAsync(token);
        while (await rows.ReadAsync(token))
        {
            using var outcome = JsonDocument.Parse(rows.GetString(2));
            runs.Add(new Run(DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(0)), rows.IsDBNull(1) ? null : LedgerValues.Id(rows, 1), outcome.RootElement.Clone()));
        }
        return runs;
    }, cancellationToken);
}
