using System.Globalization;
using System.Net;
using FirstCome.Authentication;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Campaigns;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;
using StackExchange.Redis;
using Role = FirstCome.Authentication.Role;

namespace FirstCome.IssueService.Operations;

/// <summary>A step in a claim's life.</summary>
/// <param name="At">When; null where that cannot be told: the log keeps the time of a record as long as the record.</param>
internal sealed record LifeEvent(string What, DateTimeOffset? At, string Detail);

/// <summary>Everything that is known of a number.</summary>
internal sealed record Life(long Sequence, Claim? Claim, IReadOnlyList<LifeEvent> Events);

/// <summary><c>GET /api/campaigns/{id}/claims/{sequence}/life</c>: from the gate to the coupon, for an operator who is asked "what became of this one?"</summary>
internal static class ClaimLife
{
    private const int ReservationsMax = 10_000;
    private const string Logged = "logged";
    private static readonly TimeSpan s_logMax = TimeSpan.FromSeconds(2);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/campaigns/{id}/claims/{sequence:long}/life", HandleAsync)
        .RequireRole(Role.Operator).WithName("ClaimLife").WithTags("Operations").WithSummary("What became of one number: gate, log, ledger, coupon.")
        .Produces<Life>().ProducesProblem(401).ProducesProblem(403).ProducesProblem(404);

    private static async Task<IResult> HandleAsync(string id, long sequence, HttpContext context, CampaignDirectory directory, Database ledger, IEventLog log, IHttpClientFactory services)
    {
        if (await ListClaims.KnownAsync(id, directory, context.RequestAborted) is not { } campaign) { return Problems.Result(ProblemTypes.CampaignUnknown); }
        var (row, events) = await ledger.ReadAsync((connection, token) => ReadAsync(connection, campaign, sequence, token), context.RequestAborted);
        if (row is null && await ReservedAsync(directory.Known(campaign), sequence) is { } reserved) { events.Insert(0, reserved); }
        if (row is null && events.Count == 0) { return Problems.Result(ProblemTypes.NotFound, "No claim and no gap has this number."); }
        if (row is not null)
        {
            var logged = events.FindIndex(step => step.What == Logged);
            events[logged] = events[logged] with { At = await LoggedAtAsync(log, new LogPosition(row.LogPartition, row.LogOffset), context.RequestAborted) };
        }
        if (row is { State: ClaimRowState.Issued }) { events.AddRange(await CouponAsync(campaign, sequence, services, context.RequestAborted)); }
        return Results.Ok(new Life(sequence, row?.ToClaim(), events));
    }

    // What the log has not acknowledged yet stands in the gate alone. Reservations are few: as many as are under way.
    private static async Task<LifeEvent?> ReservedAsync(ActiveCampaign? campaign, long sequence)
    {
        if (campaign is null or { Snapshot.Phase: Contracts.Campaigns.CampaignPhase.Archived }) { return null; }
        try
        {
            var (generation, reservations) = await campaign.Gate.UnloggedAsync(ReservationsMax);
            return reservations.FirstOrDefault(reservation => reservation.Sequence == sequence) is { Sequence: > 0 } found
                ? new LifeEvent("reserved", At(found.AcceptedAtMs), $"The gate of generation {generation} keeps number {sequence} for member {found.Member}; the log has not acknowledged it yet.")
                : null;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException) { return new LifeEvent("reserved", null, "The gate cannot be asked at the moment."); }
    }

    private static async Task<(ClaimRow? Row, List<LifeEvent> Events)> ReadAsync(System.Data.Common.DbConnection connection, Guid campaign, long sequence, CancellationToken cancellationToken)
    {
        var events = new List<LifeEvent>();
        ClaimRow? row = null;
        (string, object?)[] named = [("@id", LedgerValues.Id(campaign)), ("@sequence", sequence)];
        await using (var command = LedgerValues.Command(connection, null, $"SELECT {ClaimRow.Columns} FROM claim WHERE campaign_id = @id AND sequence = @sequence", named))
        {
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            if (await rows.ReadAsync(cancellationToken)) { row = ClaimRow.Read(rows); }
        }
        if (row is not null)
        {
            events.Add(new LifeEvent("accepted", At(row.AcceptedAtMs), $"The gate of generation {row.Generation} gave number {row.Sequence} to member {row.MemberId}."));
            events.Add(new LifeEvent(Logged, null, $"Partition {row.LogPartition}, offset {row.LogOffset}."));
            events.Add(new LifeEvent("recorded", At(row.IssuedAtMs), row.Reason is null ? "The ledger has the row." : $"The ledger has the row: {row.Reason}."));
        }
        await AddAsync(connection, events, "SELECT created_at, reason FROM void_sequence WHERE campaign_id = @id AND sequence = @sequence", "void", named, cancellationToken);
        await AddAsync(connection, events, "SELECT created_at, reason FROM dead_letter WHERE campaign_id = @id AND sequence = @sequence", "deadLetter", named, cancellationToken);
        await AddAsync(connection, events, "SELECT closed_at, closed_reason FROM dead_letter WHERE campaign_id = @id AND sequence = @sequence AND state <> 1", "reviewed", named, cancellationToken);
        await AddAsync(connection, events, "SELECT created_at, 'The place was given out again.' FROM released_sequence WHERE campaign_id = @id AND sequence = @sequence", "released", named, cancellationToken);
        return (row, events);
    }

    // The ledger knows where the record stands, and the log when it took it. Without the log all else is told.
    private static async Task<DateTimeOffset?> LoggedAtAsync(IEventLog log, LogPosition position, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_logMax);
        try { return (await log.FindRecordAsync(Topics.CouponClaims, position, limit.Token))?.Timestamp; }
        catch (Exception exception) when (exception is LogUnavailableException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)) { return null; }
    }

    private static async Task AddAsync(
        System.Data.Common.DbConnection connection, List<LifeEvent> events, string sql, string what, (string, object?)[] named, CancellationToken cancellationToken)
    {
        await using var command = LedgerValues.Command(connection, null, sql, named);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken)) { events.Add(new LifeEvent(what, rows.IsDBNull(0) ? null : At(rows.GetInt64(0)), rows.IsDBNull(1) ? "" : rows.GetString(1))); }
    }

    // CouponService may be away: the ledger's part is told all the same.
    private static async Task<IReadOnlyList<LifeEvent>> CouponAsync(Guid campaign, long sequence, IHttpClientFactory services, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await services.CreateClient("coupon-service").GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"/internal/campaigns/{campaign}/coupons?sequence={sequence}"), cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound) { return [new LifeEvent("coupon", null, "CouponService has no coupon of it yet.")]; }
            response.EnsureSuccessStatusCode();
            var trace = (await response.Content.ReadFromJsonAsync<CouponTrace>(cancellationToken))!;
            List<LifeEvent> events = [new LifeEvent("coupon", trace.MadeAt, $"Coupon {trace.Code}, {trace.State}, good until {trace.ExpiresAt:O}.")];
            if (trace.UsedAt is { } used) { events.Add(new LifeEvent("used", used, "Redeemed.")); }
            if (trace.CancelledAt is { } cancelled) { events.Add(new LifeEvent("cancelled", cancelled, "Cancelled.")); }
            return events;
        }
        catch (Exception exception) when (exception is HttpRequestException or UnavailableException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return [new LifeEvent("coupon", null, "CouponService cannot be asked at the moment.")];
        }
    }

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
