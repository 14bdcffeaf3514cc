using System.Globalization;
using System.Text.Json;
using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Gate;
using FirstCome.IssueService.Orders;
using FirstCome.IssueService.Recovery;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;
using StackExchange.Redis;
using Role = FirstCome.Authentication.Role;

namespace FirstCome.IssueService.Operations;

/// <summary>What gate, log, ledger and CouponService say of one campaign, side by side, and claim by claim.</summary>
/// <param name="Consistent">Nothing is missing and nothing is too much; what is still on its way is no fault. Null where nothing differs in what could be judged, and not all could.</param>
/// <param name="Differences">Each kind once; null where only the numbers were asked for.</param>
/// <param name="Unjudged">Of <c>gate</c>, <c>log</c>, <c>coupons</c> those that could not be asked or had not come to rest: differences that only they show are not told.</param>
internal sealed record ReconciliationReport(
    Guid CampaignId, DateTimeOffset AsOf, bool? Consistent, GateSide? Gate, LedgerSide Ledger, CouponSummary? Coupons, long RecordsBehind, IReadOnlyList<Finding> Findings,
    IReadOnlyList<Difference>? Differences, IReadOnlyList<string> Unjudged);

internal sealed record GateSide(int Generation, long Winners, long Unlogged, long Highest, long Limit, int Version);

/// <param name="DeadLetters">Numbers whose claim is a dead letter only: neither row nor void.</param>
/// <param name="Highest">Of all numbers that the ledger knows, dead letters included.</param>
internal sealed record LedgerSide(int Generation, long Limit, long Released, long Issued, long UnderReview, long Rejected, long Voids, long DeadLetters, long Highest)
{
    /// <summary>Whether every number up to the highest is a row, a void or a dead letter.</summary>
    internal bool NumbersExplained => Highest == Issued + UnderReview + Rejected + Voids + DeadLetters;
}

/// <summary>A line about the numbers.</summary>
/// <param name="Kind">Stable, kebab-case.</param>
internal sealed record Finding(string Kind, bool Ok, string Detail);

/// <summary>What a repair did, or would do.</summary>
/// <param name="GateRebuilt">The gate lacked rows and was rebuilt from the ledger; claims were told 503 meanwhile.</param>
/// <param name="Left">What has no one right answer, for a person.</param>
/// <param name="Unjudged">As in <see cref="ReconciliationReport"/>: repair again when they are there.</param>
internal sealed record RepairReport(
    bool DryRun, int ReservationsPublished, int MarkedClaimsPublished, int CouponsTold, bool GateRebuilt, IReadOnlyList<Difference> Left, IReadOnlyList<string> Unjudged);

/// <summary>
/// <c>GET /api/operations/campaigns/{id}/reconciliation</c> and <c>POST …/repair</c>: compares, and mends what has one right answer. Publishing again is always safe: the ledger and
/// CouponService keep the first. A reservation is never dropped; its record may still be on its way.
/// </summary>
internal sealed class Reconciliation(Database ledger, IEventLog log, CompareClaims compare, RebuildGate rebuild, IHttpClientFactory services, TimeProvider time)
{
    private const int BatchMax = 1_000;
    private static readonly TimeSpan s_repairMax = TimeSpan.FromMinutes(10);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/operations/campaigns/{id}").RequireRole(Role.Operator).WithTags("Operations");
        group.MapGet("/reconciliation", async (string id, bool? numbersOnly, CampaignDirectory directory, Reconciliation reconciliation, CancellationToken cancellationToken) =>
            await FindAsync(id, directory, cancellationToken) is { } campaign ? Results.Ok(await reconciliation.ReportAsync(campaign, numbersOnly ?? false, cancellationToken)) : Problems.Result(ProblemTypes.CampaignUnknown))
            .WithName("Reconciliation").WithSummary("What gate, ledger and coupons say, side by side and claim by claim; with numbersOnly=true the numbers alone, for who asks often.")
            .Produces<ReconciliationReport>().ProducesProblem(404);
        group.MapPost("/repair", async (string id, bool? dryRun, HttpContext context, CampaignDirectory directory, Reconciliation reconciliation, ReconciliationRuns runs, IHostApplicationLifetime lifetime) =>
        {
            if (await FindAsync(id, directory, context.RequestAborted) is not { } campaign) { return Problems.Result(ProblemTypes.CampaignUnknown); }
            if (dryRun ?? false) { return Results.Ok(await reconciliation.RepairAsync(campaign, true, context.RequestAborted)); }
            var run = await runs.BeginAsync(campaign.Id, context.Caller().MemberId, context.RequestAborted);
            // Whoever asked for it may have left: what was begun goes to its end, and its trail with it.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping);
            limit.CancelAfter(s_repairMax);
            var report = await reconciliation.RepairAsync(campaign, false, limit.Token);
            await runs.EndAsync(campaign.Id, run, JsonSerializer.SerializeToElement(report, ApiJson.Options), limit.Token);
            return Results.Ok(report);
        }).WithName("Repair").WithSummary("Mends what has one right answer; with dryRun=true only tells what it would do.").Produces<RepairReport>().ProducesProblem(404);
    }

    private static async ValueTask<ActiveCampaign?> FindAsync(string id, CampaignDirectory directory, CancellationToken cancellationToken) =>
        await ListClaims.KnownAsync(id, directory, cancellationToken) is { } known ? directory.Known(known) : null;

    internal async Task<ReconciliationReport> ReportAsync(ActiveCampaign campaign, bool numbersOnly, CancellationToken cancellationToken)
    {
        var gate = await GateSideAsync(campaign);
        var behind = await BehindAsync(cancellationToken);
        var side = await LedgerSideAsync(campaign.Id, cancellationToken);
        var coupons = await CouponsAsync(campaign.Id, cancellationToken);
        var rows = side.Issued + side.UnderReview + side.Rejected;
        var findings = new List<Finding>
        {
            new("within-limit", side.Issued <= side.Limit, $"Issued: {side.Issued}; the limit: {side.Limit}."),
            new("no-review", side.UnderReview == 0, $"Claims under review: {side.UnderReview}."),
            new("numbers-explained", side.NumbersExplained,
                $"Highest number: {side.Highest}; rows: {rows}, voids: {side.Voids}, dead letters without a row: {side.DeadLetters}."),
        };
        if (gate is not null) { findings.Add(new Finding("gate-and-ledger", behind > 0 || gate.Unlogged > 0 || gate.Winners == rows, $"Winners in the gate: {gate.Winners}, without a mark: {gate.Unlogged}; rows of the ledger: {rows}; records behind: {behind}.")); }
        if (coupons is not null)
        {
            var made = coupons.Issued + coupons.Used + coupons.Cancelled + coupons.Expired;
            findings.Add(new Finding("ledger-and-coupons", made == side.Issued, $"Issued by the ledger: {side.Issued}; coupons of CouponService: {made}."));
        }
        var comparison = numbersOnly ? null : await compare.RunAsync(campaign, cancellationToken);
        List<string> unjudged = [.. comparison?.Unjudged ?? []];
        if (gate is null && campaign.Snapshot.Phase != CampaignPhase.Archived && !unjudged.Contains(Comparison.Gate)) { unjudged.Add(Comparison.Gate); }
        if (coupons is null && !unjudged.Contains(Comparison.Coupons)) { unjudged.Add(Comparison.Coupons); }
        bool? consistent = !findings.All(finding => finding.Ok) || comparison?.Differences.Count > 0 ? false : unjudged.Count == 0 ? true : null;
        return new ReconciliationReport(campaign.Id, time.GetUtcNow(), consistent, gate, side, coupons, behind, findings, comparison?.Differences, unjudged);
    }

    /// <summary>Whether the gate has marked claims that are no rows, though the worker has read everything.</summary>
    internal async Task<bool> LacksRowsAsync(ActiveCampaign campaign, CancellationToken cancellationToken) =>
        await GateSideAsync(campaign) is { } gate && await BehindAsync(cancellationToken) == 0 && gate.Winners - gate.Unlogged > await ReadCounts.RowsAsync(campaign.Id, ledger, cancellationToken);

    internal async Task<RepairReport> RepairAsync(ActiveCampaign campaign, bool dryRun, CancellationToken cancellationToken)
    {
        var comparison = await compare.RunAsync(campaign, cancellationToken);
        var reservations = comparison.Of(DifferenceKind.ReservationUnlogged);
        var missing = comparison.Of(DifferenceKind.ClaimMissing);
        var untold = comparison.Of(DifferenceKind.CouponMissing);
        var rebuilt = comparison.Of(DifferenceKind.ClaimNotInGate).Count > 0;
        if (!dryRun)
        {
            await PublishAsync(campaign, [.. reservations, .. missing], cancellationToken);
            if (rebuilt) { rebuilt = await rebuild.RunAsync(campaign.Id, cancellationToken) == RebuildOutcome.Opened; }
            await TellCouponsAsync(campaign.Id, untold, cancellationToken);
        }
        return new RepairReport(
            dryRun, reservations.Count, missing.Count, untold.Count, rebuilt, [.. comparison.Differences.Where(difference => difference.Mending == "none")], comparison.Unjudged);
    }

    /// <summary>Publishes the marked claims that the ledger lacks, and nothing else; how many.</summary>
    internal async Task<int> PublishMissingAsync(ActiveCampaign campaign, CancellationToken cancellationToken)
    {
        var missing = (await compare.RunAsync(campaign, cancellationToken)).Of(DifferenceKind.ClaimMissing);
        await PublishAsync(campaign, [.. missing], cancellationToken);
        return missing.Count;
    }

    // The comparison keeps no key hashes; the few winners that are wanted are read with theirs.
    private static async Task PublishAsync(ActiveCampaign campaign, HashSet<long> sequences, CancellationToken cancellationToken)
    {
        if (sequences.Count == 0) { return; }
        var generation = campaign.Gate.Generation;
        var wanted = new List<Reservation>(BatchMax);
        await foreach (var winner in campaign.Gate.WinnersAsync().WithCancellation(cancellationToken))
        {
            if (!sequences.Contains(winner.Sequence)) { continue; }
            wanted.Add(winner);
            if (wanted.Count < BatchMax) { continue; }
            await campaign.Log.PublishAgainAsync(generation, wanted, cancellationToken);
            wanted.Clear();
        }
        if (wanted.Count > 0) { await campaign.Log.PublishAgainAsync(generation, wanted, cancellationToken); }
    }

    private async Task TellCouponsAsync(Guid campaign, IReadOnlyList<long> sequences, CancellationToken cancellationToken)
    {
        foreach (var some in sequences.Chunk(BatchMax))
        {
            var rows = await ledger.ReadAsync(async (connection, token) =>
            {
                var found = new List<ClaimRow>(some.Length);
                // Numbers of the ledger's own: nothing of a caller's stands in the text.
                await using var command = LedgerValues.Command(
                    connection, null, $"SELECT {ClaimRow.Columns} FROM claim WHERE campaign_id = @id AND state = {ClaimRowState.Issued} AND sequence IN ({string.Join(',', some)})", ("@id", LedgerValues.Id(campaign)));
                await using var reader = await command.ExecuteReaderAsync(token);
                while (await reader.ReadAsync(token)) { found.Add(ClaimRow.Read(reader)); }
                return found;
            }, cancellationToken);
            var keys = new SpreadKeys();
            await log.ProduceAsync(
                Topics.CouponIssued, [.. rows.Select((row, index) => new LogRecord(keys[index], JsonSerializer.SerializeToUtf8Bytes(row.ToIssued(), MessageJson.Default.CouponIssued)))], cancellationToken);
        }
    }

    private static async Task<GateSide?> GateSideAsync(ActiveCampaign campaign)
    {
        if (campaign.Snapshot.Phase == CampaignPhase.Archived) { return null; }
        try
        {
            var (status, numbers) = await campaign.Gate.NumbersAsync();
            return status == GateStatus.Answered ? new GateSide(numbers.Generation, numbers.Winners, numbers.Unlogged, numbers.Highest, numbers.Limit, numbers.Version) : null;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException) { throw new UnavailableException("The gate cannot be asked.", exception); }
    }

    private async Task<long> BehindAsync(CancellationToken cancellationToken) => await BehindAsync(await log.EndOffsetsAsync(Topics.CouponClaims, cancellationToken), ledger, cancellationToken);

    /// <summary>How many records before these ends the ledger has not taken yet.</summary>
    internal static Task<long> BehindAsync(IReadOnlyList<long> ends, Database ledger, CancellationToken cancellationToken) => ledger.ReadAsync(async (connection, token) =>
    {
        var next = new Dictionary<int, long>();
        await using var command = LedgerValues.Command(connection, null, "SELECT log_partition, next_offset FROM consumer_offset WHERE topic = @topic", ("@topic", Topics.CouponClaims.Name));
        await using var rows = await command.ExecuteReaderAsync(token);
        while (await rows.ReadAsync(token)) { next[rows.GetInt32(0)] = rows.GetInt64(1); }
        return ends.Select((end, partition) => Math.Max(0, end - next.GetValueOrDefault(partition))).Sum();
    }, cancellationToken);

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
