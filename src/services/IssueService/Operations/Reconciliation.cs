using System.Globalization;
using System.Text.Json;
using FirstCome.Authentication;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Gate;
using FirstCome.IssueService.Orders;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;
using StackExchange.Redis;
using Role = FirstCome.Authentication.Role;

namespace FirstCome.IssueService.Operations;

/// <summary>What gate, log, ledger and CouponService say of one campaign, side by side.</summary>
/// <param name="Consistent">Nothing is missing and nothing is too much; what is still on its way is no fault.</param>
internal sealed record ReconciliationReport(
    Guid CampaignId, DateTimeOffset AsOf, bool Consistent, GateSide? Gate, LedgerSide Ledger, CouponSummary? Coupons, long RecordsBehind, IReadOnlyList<Finding> Findings);

internal sealed record GateSide(int Generation, long Winners, long Unlogged, long Highest, long Limit, int Version);

/// <param name="DeadLetters">Numbers whose claim is a dead letter only: neither row nor void.</param>
/// <param name="Highest">Of all numbers that the ledger knows, dead letters included.</param>
internal sealed record LedgerSide(int Generation, long Limit, long Released, long Issued, long UnderReview, long Rejected, long Voids, long DeadLetters, long Highest)
{
    /// <summary>Whether every number up to the highest is a row, a void or a dead letter.</summary>
    internal bool NumbersExplained => Highest == Issued + UnderReview + Rejected + Voids + DeadLetters;
}

/// <param name="Kind">Stable, kebab-case.</param>
internal sealed record Finding(string Kind, bool Ok, string Detail);

/// <summary>What a repair did, or would do.</summary>
internal sealed record RepairReport(bool DryRun, int ReservationsPublished, int MarkedClaimsPublished, int CouponsTold);

/// <summary>
/// <c>GET /api/operations/campaigns/{id}/reconciliation</c> and <c>POST …/repair</c>: compares, and publishes again what one side lacks. Publishing again is always safe: the ledger and
/// CouponService keep the first.
/// </summary>
internal sealed class Reconciliation(Database ledger, IEventLog log, IHttpClientFactory services, TimeProvider time)
{
    private const int BatchMax = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/operations/campaigns/{id}").RequireRole(Role.Operator).WithTags("Operations");
        group.MapGet("/reconciliation", async (string id, CampaignDirectory directory, Reconciliation reconciliation, CancellationToken cancellationToken) =>
            await FindAsync(id, directory, cancellationToken) is { } campaign ? Results.Ok(await reconciliation.ReportAsync(campaign, cancellationToken)) : Problems.Result(ProblemTypes.CampaignUnknown))
            .WithName("Reconciliation").WithSummary("What gate, ledger and coupons say, side by side.").Produces<ReconciliationReport>().ProducesProblem(404);
        group.MapPost("/repair", async (string id, bool? dryRun, CampaignDirectory directory, Reconciliation reconciliation, CancellationToken cancellationToken) =>
            await FindAsync(id, directory, cancellationToken) is { } campaign ? Results.Ok(await reconciliation.RepairAsync(campaign, dryRun ?? false, cancellationToken)) : Problems.Result(ProblemTypes.CampaignUnknown))
            .WithName("Repair").WithSummary("Publishes again what one side lacks; with dryRun=true only counts it.").Produces<RepairReport>().ProducesProblem(404);
    }

    private static async ValueTask<ActiveCampaign?> FindAsync(string id, CampaignDirectory directory, CancellationToken cancellationToken) =>
        await ListClaims.KnownAsync(id, directory, cancellationToken) is { } known ? directory.Known(known) : null;

    private async Task<ReconciliationReport> ReportAsync(ActiveCampaign campaign, CancellationToken cancellationToken)
    {
        var gate = await GateSideAsync(campaign);
        var behind = await BehindAsync(cancellationToken);
        var side = await LedgerSideAsync(campaign.Id, cancellationToken);
        var coupons = await CouponsAsync(campaign.Id, cancellationToken);
        var rows = side.Issued + side.UnderReview + side.Rejected;
        var findings = new List<Finding>
        {
            new("within-limit", side.Issued <= side.Limit, $"{side.Issued} issued, the limit is {side.Limit}."),
            new("no-review", side.UnderReview == 0, $"{side.UnderReview} claims are under review."),
            new("numbers-explained", side.NumbersExplained,
                $"Highest number {side.Highest}: {rows} rows, {side.Voids} voids and {side.DeadLetters} dead letters without a row."),
        };
        if (gate is not null) { findings.Add(new Finding("gate-and-ledger", behind > 0 || gate.Unlogged > 0 || gate.Winners == rows, $"The gate has {gate.Winners} winners ({gate.Unlogged} without a mark), the ledger {rows} rows; {behind} records behind.")); }
        if (coupons is not null)
        {
            var made = coupons.Issued + coupons.Used + coupons.Cancelled + coupons.Expired;
            findings.Add(new Finding("ledger-and-coupons", made == side.Issued, $"The ledger has issued {side.Issued}, CouponService holds {made}."));
        }
        return new ReconciliationReport(campaign.Id, time.GetUtcNow(), findings.All(finding => finding.Ok), gate, side, coupons, behind, findings);
    }

    /// <summary>Whether the gate has marked claims that are no rows, though the worker has read everything.</summary>
    internal async Task<bool> LacksRowsAsync(ActiveCampaign campaign, CancellationToken cancellationToken) =>
        await GateSideAsync(campaign) is { } gate && await BehindAsync(cancellationToken) == 0 && gate.Winners - gate.Unlogged > await ReadCounts.RowsAsync(campaign.Id, ledger, cancellationToken);

    internal async Task<RepairReport> RepairAsync(ActiveCampaign campaign, bool dryRun, CancellationToken cancellationToken)
    {
        var (reservations, marked) = (0, 0);
        if (campaign.Snapshot.Phase != Contracts.Campaigns.CampaignPhase.Archived && await GateSideAsync(campaign) is { } gate)
        {
            var (generation, unlogged) = await campaign.Gate.UnloggedAsync(int.MaxValue);
            var reserved = unlogged.Select(reservation => reservation.Sequence).ToHashSet();
            reservations = unlogged.Count;
            foreach (var some in unlogged.Chunk(BatchMax)) { if (!dryRun) { await campaign.Log.PublishAgainAsync(generation, some, cancellationToken); } }
            // Only once the worker has read everything is a marked claim without a row a missing one.
            if (await BehindAsync(cancellationToken) == 0) { marked = await PublishMissingAsync(campaign, gate.Generation, reserved, dryRun, cancellationToken); }
        }
        var told = await CouponsAsync(campaign.Id, cancellationToken) is { } coupons && coupons.Issued + coupons.Used + coupons.Cancelled + coupons.Expired < (await LedgerSideAsync(campaign.Id, cancellationToken)).Issued
            ? await TellCouponsAsync(campaign.Id, dryRun, cancellationToken)
            : 0;
        return new RepairReport(dryRun, reservations, marked, told);
    }

    private async Task<int> PublishMissingAsync(ActiveCampaign campaign, int generation, HashSet<long> reserved, bool dryRun, CancellationToken cancellationToken)
    {
        var known = await ledger.ReadAsync(async (connection, token) =>
        {
            var sequences = new HashSet<long>();
            await using var command = LedgerValues.LongCommand(
                connection, null, "SELECT sequence FROM claim WHERE campaign_id = @id UNION SELECT sequence FROM dead_letter WHERE campaign_id = @id", ("@id", LedgerValues.Id(campaign.Id)));
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { sequences.Add(rows.GetInt64(0)); }
            return sequences;
        }, cancellationToken);
        var missing = new List<Reservation>();
        await foreach (var winner in campaign.Gate.WinnersAsync().WithCancellation(cancellationToken))
        {
            if (!known.Contains(winner.Sequence) && !reserved.Contains(winner.Sequence)) { missing.Add(winner); }
        }
        foreach (var some in missing.Chunk(BatchMax)) { if (!dryRun) { await campaign.Log.PublishAgainAsync(generation, some, cancellationToken); } }
        return missing.Count;
    }

    private async Task<int> TellCouponsAsync(Guid campaign, bool dryRun, CancellationToken cancellationToken)
    {
        var told = 0;
        for (long after = 0; ;)
        {
            var rows = await ledger.ReadAsync(async (connection, token) =>
            {
                var found = new List<ClaimRow>();
                await using var command = LedgerValues.Command(
                    connection, null, $"SELECT {ClaimRow.Columns} FROM claim WHERE campaign_id = @id AND sequence > @after AND state = {ClaimRowState.Issued} ORDER BY sequence LIMIT {BatchMax}",
                    ("@id", LedgerValues.Id(campaign)), ("@after", after));
                await using var reader = await command.ExecuteReaderAsync(token);
                while (await reader.ReadAsync(token)) { found.Add(ClaimRow.Read(reader)); }
                return found;
            }, cancellationToken);
            if (rows.Count == 0) { return told; }
            if (!dryRun)
            {
                await log.ProduceAsync(
                    Topics.CouponIssued, [.. rows.Select(row => new LogRecord(row.MemberId.ToString("N"), JsonSerializer.SerializeToUtf8Bytes(row.ToIssued(), MessageJson.Default.CouponIssued)))], cancellationToken);
            }
            told += rows.Count;
            after = rows[^1].Sequence;
        }
    }

    private static async Task<GateSide?> GateSideAsync(ActiveCampaign campaign)
    {
        if (campaign.Snapshot.Phase == Contracts.Campaigns.CampaignPhase.Archived) { return null; }
        try
        {
            var (status, numbers) = await campaign.Gate.NumbersAsync();
            return status == GateStatus.Answered ? new GateSide(numbers.Generation, numbers.Winners, numbers.Unlogged, numbers.Highest, numbers.Limit, numbers.Version) : null;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException) { throw new UnavailableException("The gate cannot be asked.", exception); }
    }

    private async Task<long> BehindAsync(CancellationToken cancellationToken)
    {
        var ends = await log.EndOffsetsAsync(Topics.CouponClaims, cancellationToken);
        return await ledger.ReadAsync(async (connection, token) =>
        {
            var next = new Dictionary<int, long>();
            await using var command = LedgerValues.Command(connection, null, "SELECT log_partition, next_offset FROM consumer_offset WHERE topic = @topic", ("@topic", Topics.CouponClaims.Name));
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { next[rows.GetInt32(0)] = rows.GetInt64(1); }
            return ends.Select((end, partition) => Math.Max(0, end - next.GetValueOrDefault(partition))).Sum();
        }, cancellationToken);
    }

    private Task<LedgerSide> LedgerSideAsync(Guid id, CancellationToken cancellationToken) => LedgerSideAsync(id, ledger, cancellationToken);

    internal static Task<LedgerSide> LedgerSideAsync(Guid id, Database ledger, CancellationToken cancellationToken) => ledger.ReadAsync(async (connection, token) =>
    {
        var campaign = await LedgerCampaigns.FindAsync(connection, null, id, "", token);
        await using var command = LedgerValues.LongCommand(
            connection, null,
            """
            WITH letter_only AS (
                SELECT DISTINCT sequence FROM dead_letter letter
                WHERE campaign_id = @id
                    AND NOT EXISTS (SELECT 1 FROM claim WHERE campaign_id = @id AND claim.sequence = letter.sequence)
                    AND NOT EXISTS (SELECT 1 FROM void_sequence WHERE campaign_id = @id AND void_sequence.sequence = letter.sequence))
            SELECT
                (SELECT COUNT(*) FROM claim WHERE campaign_id = @id AND state = 1), (SELECT COUNT(*) FROM claim WHERE campaign_id = @id AND state = 2),
                (SELECT COUNT(*) FROM claim WHERE campaign_id = @id AND state = 3), (SELECT COUNT(*) FROM void_sequence WHERE campaign_id = @id),
                (SELECT COALESCE(MAX(sequence), 0) FROM claim WHERE campaign_id = @id), (SELECT COALESCE(MAX(sequence), 0) FROM void_sequence WHERE campaign_id = @id),
                (SELECT COUNT(*) FROM letter_only), (SELECT COALESCE(MAX(sequence), 0) FROM letter_only)
            """, ("@id", LedgerValues.Id(id)));
        await using var row = await command.ExecuteReaderAsync(token);
        await row.ReadAsync(token);
        long Number(int column) => Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);
        return new LedgerSide(
            campaign?.Generation ?? 0, campaign?.Limit ?? 0, campaign?.Released ?? 0, Number(0), Number(1), Number(2), Number(3), Number(6),
            Math.Max(Math.Max(Number(4), Number(5)), Number(7)));
    }, cancellationToken);

    private async Task<CouponSummary?> CouponsAsync(Guid id, CancellationToken cancellationToken)
    {
        try { return await services.CreateClient("coupon-service").GetFromJsonAsync<CouponSummary>($"/internal/campaigns/{id}/coupons/summary", cancellationToken); }
        catch (Exception exception) when (exception is HttpRequestException or UnavailableException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)) { return null; }
    }
}
