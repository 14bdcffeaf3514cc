using System.Data.Common;
using Dapper;
using FirstCome.Authentication;
using FirstCome.CouponService.Campaigns;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Coupons;

/// <summary>
/// <c>POST /api/coupons/{code}/cancel</c> <c>{reason}</c>, by an operator. Cancelling again answers the same. Where the campaign says so, the place is
/// released: the order for it is written in the same transaction, delivered at once where IssueService is there, otherwise by <see cref="DeliverReleases"/>.
/// </summary>
internal sealed class CancelCoupon(Database database, DeliverReleases releases, TimeProvider time, ILogger<CancelCoupon> logger)
{
    private const int ReasonLengthMax = 200;

    /// <param name="Reason">Why; 1 to 200 characters; kept in the audit.</param>
    internal sealed record CancelRequest(string Reason);

    public async Task<IResult> HandleAsync(string code, CancelRequest request, HttpContext context, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var reason = RequestText.Clean(request.Reason, 1, ReasonLengthMax, errors, "reason");
        if (errors.Any) { return errors.ToResult(); }
        if (CouponAnswers.Mistyped(code, out var parsed) is { } mistyped) { return mistyped; }

        var operatorId = context.Caller().MemberId;
        var outcome = await database.WriteAsync(
            async (connection, transaction, token) =>
            {
                var row = await CouponRow.FindAsync(connection, transaction, parsed, database.Dialect.ForUpdate, token);
                if (row is null) { return new Outcome(null, CouponAnswers.Unknown()); }
                var now = time.GetUtcNow();
                if (row.State is CouponState.Cancelled) { return new Outcome(row); }
                if (Refusal(row, context.Request, now) is { } refusal) { return new Outcome(row, refusal); }
                await WriteAsync(connection, transaction, row, operatorId, reason, now, token);
                var release = await ReleaseAsync(connection, transaction, row, now, token);
                return new Outcome(await CouponRow.FindAsync(connection, transaction, parsed, "", token), Release: release, Changed: true);
            },
            cancellationToken);
        if (outcome.Refusal is { } refused) { return refused; }
        var cancelled = outcome.Row!;
        if (outcome.Changed)
        {
            CouponsLog.CouponCancelled(logger, cancelled.Id, new Guid(cancelled.CampaignId, bigEndian: true), operatorId, outcome.Release is not null);
        }
        if (outcome.Release is { } release) { await releases.DeliverNowAsync(release); }
        var answeredAt = time.GetUtcNow();
        EntityTag.Set(context.Response, cancelled.TagAt(answeredAt));
        return Results.Ok(cancelled.ToCoupon(answeredAt, withRedemption: true));
    }

    private static IResult? Refusal(CouponRow row, HttpRequest request, DateTimeOffset now) =>
        EntityTag.Check(request, row.TagAt(now), required: false) ?? row.StateAt(now) switch
        {
            CouponState.Used => CouponAnswers.Used(row, "Have the merchant undo the redemption first."),
            CouponState.Expired => CouponAnswers.Expired(row, "; there is nothing left to cancel"),
            _ => null,
        };

    private static async Task WriteAsync(
        DbConnection connection, DbTransaction transaction, CouponRow row, Guid operatorId, string reason, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var parameters = new { id = row.Id, operatorId = operatorId.ToByteArray(bigEndian: true), reason, now = now.ToUnixTimeMilliseconds() };
        var changed = await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE coupon SET state = 3, cancelled_at = @now, version = version + 1 WHERE id = @id AND state = 1",
            parameters, transaction, cancellationToken: cancellationToken));
        if (changed != 1) { throw new InvalidOperationException($"Coupon {row.Id} changed under the lock of its cancellation."); }
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO coupon_cancellation (coupon_id, operator_id, reason, cancelled_at) VALUES (@id, @operatorId, @reason, @now)",
            parameters, transaction, cancellationToken: cancellationToken));
    }

    private static async Task<PendingRelease?> ReleaseAsync(
        DbConnection connection, DbTransaction transaction, CouponRow row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var campaign = await CampaignRow.FindAsync(connection, new Guid(row.CampaignId, bigEndian: true), cancellationToken, transaction);
        if (campaign is not { Campaign.ReleaseCancelled: true }) { return null; }
        var release = new PendingRelease { CouponId = row.Id, CampaignId = row.CampaignId, Sequence = row.Sequence };
        // The first delivery follows this transaction; the sweep comes after it.
        var parameters = new { release.CouponId, release.CampaignId, release.Sequence, dueAt = (now + DeliverReleases.FirstDelay).ToUnixTimeMilliseconds() };
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO release_outbox (coupon_id, campaign_id, sequence, attempts, due_at) VALUES (@CouponId, @CampaignId, @Sequence, 0, @dueAt)",
            parameters, transaction, cancellationToken: cancellationToken));
        return release;
    }

    private sealed record Outcome(CouponRow? Row, IResult? Refusal = null, PendingRelease? Release = null, bool Changed = false);
}
