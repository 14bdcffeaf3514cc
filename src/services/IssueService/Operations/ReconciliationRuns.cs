using System.Text.Json;
using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.IssueService.Campaigns;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;
using Role = FirstCome.Authentication.Role;

namespace FirstCome.IssueService.Operations;

/// <summary>The trail of repairs, and of scheduled runs that found something; <c>GET /api/operations/campaigns/{id}/reconciliation/runs</c>, newest first.</summary>
internal sealed class ReconciliationRuns(Database ledger, TimeProvider time)
{
    private const int ListMax = 100;

    /// <param name="Actor">Who asked for the repair; null for a scheduled run.</param>
    /// <param name="Outcome">A <see cref="RepairReport"/>, or of a scheduled run the differences.</param>
    internal sealed record Run(DateTimeOffset At, Guid? Actor, JsonElement Outcome);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/operations/campaigns/{id}/reconciliation/runs", async (string id, CampaignDirectory directory, ReconciliationRuns runs, CancellationToken cancellationToken) =>
            await ListClaims.KnownAsync(id, directory, cancellationToken) is { } campaign ? Results.Ok(new Page<Run>(await runs.ListAsync(campaign, cancellationToken), null)) : Problems.Result(ProblemTypes.CampaignUnknown))
        .RequireRole(Role.Operator).WithTags("Operations").WithName("ReconciliationRuns").WithSummary("The last hundred repairs and scheduled runs that found a difference, newest first.")
        .Produces<Page<Run>>().ProducesProblem(404);

    public Task KeepAsync(Guid campaign, Guid? actor, JsonElement outcome, CancellationToken cancellationToken) => ledger.WriteAsync(async (connection, transaction, token) =>
    {
        await using var command = LedgerValues.Command(
            connection, transaction, "INSERT INTO reconciliation_run (campaign_id, run_at, run_id, actor, outcome) VALUES (@id, @at, @run, @actor, @outcome)",
            ("@id", LedgerValues.Id(campaign)), ("@at", time.GetUtcNow().ToUnixTimeMilliseconds()), ("@run", LedgerValues.Id(Guid.CreateVersion7())), ("@actor", actor is { } member ? LedgerValues.Id(member) : null),
            ("@outcome", outcome.GetRawText()));
        return await command.ExecuteNonQueryAsync(token);
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

    public Task<List<Run>> ListAsync(Guid campaign, CancellationToken cancellationToken) => ledger.ReadAsync(async (connection, token) =>
    {
        var runs = new List<Run>();
        await using var command = LedgerValues.Command(
            connection, null, $"SELECT run_at, actor, outcome FROM reconciliation_run WHERE campaign_id = @id ORDER BY run_at DESC, run_id DESC LIMIT {ListMax}", ("@id", LedgerValues.Id(campaign)));
        await using var rows = await command.ExecuteReaderAsync(token);
        while (await rows.ReadAsync(token))
        {
            using var outcome = JsonDocument.Parse(rows.GetString(2));
            runs.Add(new Run(DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(0)), rows.IsDBNull(1) ? null : LedgerValues.Id(rows, 1), outcome.RootElement.Clone()));
        }
        return runs;
    }, cancellationToken);
}
