using System.Data.Common;
using Dapper;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Problems;
using FirstCome.CouponService.Audience;
using FirstCome.CouponService.Campaigns.Outbox;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Campaigns.Changes;

/// <summary>A change that an operator asks for.</summary>
/// <param name="Actor">The operator.</param>
/// <param name="Precondition">Compares the request's <c>If-Match</c> with the version that stands; null: go on.</param>
/// <param name="Decide">The rules; pure, since a transaction may run twice.</param>
internal sealed record ChangeOrder(Guid CampaignId, CampaignAction Action, Guid Actor, Func<int, IResult?> Precondition, Func<Campaign, DateTimeOffset, Decision> Decide);

/// <summary>What came of it: the campaign as it stands with the change, or the refusal.</summary>
internal sealed record ChangeOutcome(Campaign? Campaign, IResult? Refusal)
{
    /// <summary>200 with the campaign and its ETag, or the refusal.</summary>
    public IResult ToResult(HttpContext context, TimeProvider time)
    {
        if (Campaign is not { } campaign) { return Refusal ?? throw new InvalidOperationException("A change ends with a campaign or with a refusal."); }
        EntityTag.Set(context.Response, campaign.Version);
        return Results.Ok(CampaignView.Of(campaign, time.GetUtcNow()));
    }
}

/// <summary>
/// The one way in which a campaign changes.
/// A draft changes in one transaction. Anything else is an intent first (<c>campaign_change</c>, one a campaign: the row is the lock), then an order to the gate, then a second transaction
/// that makes it stand with its line of history and a note for the outbox. A process that dies in between leaves the intent, and <see cref="PendingChangeSweep"/> completes it:
/// an order may be repeated, because the gate ignores versions that it has already.
/// </summary>
internal sealed class CampaignChanges(
    Database database, IssueGate gate, CampaignOutbox outbox, IOptions<CampaignOptions> options, TimeProvider time, ILogger<CampaignChanges> logger)
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_retryFirst = TimeSpan.FromMilliseconds(500);

    // Longer than a call to the gate may take; what is begun is not given up because a caller goes away.
    private static readonly TimeSpan s_completionMax = TimeSpan.FromSeconds(12);

    /// <summary>Decides and carries out a change. Waits a bounded time for another change of the same campaign.</summary>
    public async Task<ChangeOutcome> ChangeAsync(ChangeOrder order, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        PendingChange? leftBehind = null;
        while (true)
        {
            var begun = await database.WriteAsync((connection, transaction, token) => BeginAsync(connection, transaction, order, leftBehind, token), cancellationToken);
            if (begun.Outcome is { } settled)
            {
                if (settled.Campaign is not null && begun.HasWritten) { await outbox.PublishAsync(settled.Campaign); }
                return settled;
            }
            if (begun.Pending is { } own && begun.HasWritten) { return ToOutcome(own, await CompleteAsync(own)); }
            var other = begun.Pending ?? throw new InvalidOperationException("A change is settled, begun or waiting for another one.");
            if (await TakeAsync(other, cancellationToken) is { } taken)
            {
                leftBehind = taken;
                if (await CompleteAsync(taken) is Completion.Waits) { return Busy(taken); }
            }
            else if (time.GetElapsedTime(started) > options.Value.ChangeWait)
            {
                return Busy(other);
            }
            else
            {
                await Task.Delay(s_poll, time, cancellationToken);
            }
        }
    }

    /// <summary>Takes a change that nobody is at, in order to complete it; null where somebody was faster.</summary>
    public Task<PendingChange?> TakeAsync(PendingChange change, CancellationToken cancellationToken) => time.GetUtcNow() < change.LeasedUntil
        ? Task.FromResult<PendingChange?>(null)
        : database.WriteAsync((connection, transaction, token) => change.TryLeaseAsync(connection, transaction, time.GetUtcNow(), options.Value.GateLease, token), cancellationToken);

    /// <summary>Sends a taken change to the gate and settles it by the answer.</summary>
    /// <exception cref="UnavailableException">It took too long; the intent stays.</exception>
    public async Task<Completion> CompleteAsync(PendingChange change)
    {
        using var limit = new CancellationTokenSource(s_completionMax, time);
        try
        {
            return await SettleAsync(change, await gate.OrderAsync(change.After, limit.Token), limit.Token);
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested)
        {
            throw new UnavailableException($"The change of campaign {change.After.Id} was not settled within {s_completionMax}.", exception);
        }
    }

    private async Task<Completion> SettleAsync(PendingChange change, GateAnswer answer, CancellationToken cancellationToken)
    {
        switch (answer)
        {
            case GateAnswer.Taken:
                var isApplied = await database.WriteAsync((connection, transaction, token) => ApplyAsync(connection, transaction, change, token), cancellationToken);
                if (!isApplied) { return new Completion.Waits(); }
                CampaignLog.ChangeApplied(logger, change.After.Id, change.After.Version, change.Action, change.Actor);
                await outbox.PublishAsync(change.After);
                return new Completion.Stands();
            case GateAnswer.QuotaBelowIssued refused:
                CampaignLog.ChangeRefused(logger, change.After.Id, change.After.Version, refused.Detail);
                var isDropped = await database.WriteAsync((connection, transaction, token) => DropAsync(connection, transaction, change, token), cancellationToken);
                return isDropped ? new Completion.Refused(refused.Detail) : new Completion.Waits();
            case GateAnswer.Unknown unknown:
                var now = time.GetUtcNow();
                var dueAt = now + RetryDelay(change.Attempt);
                CampaignLog.ChangeWaits(logger, change.After.Id, change.After.Version, change.Attempt, unknown.Reason, dueAt);
                await database.WriteAsync((connection, transaction, token) => change.PostponeAsync(connection, transaction, now, dueAt, token), cancellationToken);
                return new Completion.Waits();
            default:
                throw new InvalidOperationException("An answer of the gate that is not known here.");
        }
    }

    private async Task<Begun> BeginAsync(DbConnection connection, DbTransaction transaction, ChangeOrder order, PendingChange? leftBehind, CancellationToken cancellationToken)
    {
        if (await CampaignRow.FindAsync(connection, order.CampaignId, cancellationToken, transaction, database.Dialect) is not { } row)
        {
            return Begun.Refused(Problems.Result(ProblemTypes.CampaignUnknown));
        }
        if (await PendingChange.FindAsync(connection, transaction, order.CampaignId, cancellationToken) is { } pending) { return new Begun(null, pending, HasWritten: false); }
        // The same order again, after a 503 that left it waiting: it was completed just now, and this is its answer.
        if (leftBehind is not null && leftBehind.After.Version == row.Campaign.Version && leftBehind.Action == order.Action && order.Action is not (CampaignAction.Change or CampaignAction.ReplaceAudience))
        {
            return new Begun(new ChangeOutcome(row.Campaign, null), null, HasWritten: false);
        }
        if (order.Precondition(row.Campaign.Version) is { } refusal) { return Begun.Refused(refusal); }
        var now = time.GetUtcNow();
        switch (order.Decide(row.Campaign, now))
        {
            case Decision.Nothing: return new Begun(new ChangeOutcome(row.Campaign, null), null, HasWritten: false);
            case Decision.Invalid invalid: return Begun.Refused(invalid.Errors.ToResult());
            case Decision.Illegal illegal: return Begun.Refused(illegal.ToResult());
            case Decision.Change change:
                var after = change.After with { Version = row.LastVersion + 1, UpdatedAt = now };
                await RequireListAsync(connection, transaction, row.Campaign, after, cancellationToken);
                if (after.Phase is CampaignPhase.Draft)
                {
                    await MakeStandAsync(connection, transaction, row.Campaign, after, order.Action, order.Actor, now, cancellationToken);
                    return new Begun(new ChangeOutcome(after, null), null, HasWritten: true);
                }
                var intent = new PendingChange(after, order.Action, order.Actor, now, Attempt: 1, now + options.Value.GateLease);
                await intent.InsertAsync(connection, transaction, cancellationToken);
                await SetLastVersionAsync(connection, transaction, after, cancellationToken);
                return new Begun(null, intent, HasWritten: true);
            default: throw new InvalidOperationException("A decision that is not known here.");
        }
    }

    /// <summary>True where the change stands now, or has stood already; false where somebody else has settled it otherwise.</summary>
    private async Task<bool> ApplyAsync(DbConnection connection, DbTransaction transaction, PendingChange change, CancellationToken cancellationToken)
    {
        var row = await CampaignRow.FindAsync(connection, change.After.Id, cancellationToken, transaction, database.Dialect)
            ?? throw new InvalidOperationException($"Campaign {change.After.Id} has a pending change, but no row.");
        var pending = await PendingChange.FindAsync(connection, transaction, change.After.Id, cancellationToken);
        if (pending?.After.Version != change.After.Version) { return await CampaignHistory.HasAsync(connection, transaction, change.After, cancellationToken); }
        await MakeStandAsync(connection, transaction, row.Campaign, change.After, change.Action, change.Actor, change.OrderedAt, cancellationToken);
        await change.DeleteAsync(connection, transaction, cancellationToken);
        return true;
    }

    /// <summary>
    /// Gives a change up after the gate refused it. After the first order that is the end of it. A later order may have been overtaken by an earlier one that is still on its way, so the former
    /// values are then ordered again under a newer version, which no earlier one can undo.
    /// </summary>
    /// <returns>False where somebody else has taken the change since.</returns>
    private async Task<bool> DropAsync(DbConnection connection, DbTransaction transaction, PendingChange change, CancellationToken cancellationToken)
    {
        var row = await CampaignRow.FindAsync(connection, change.After.Id, cancellationToken, transaction, database.Dialect);
        var pending = await PendingChange.FindAsync(connection, transaction, change.After.Id, cancellationToken);
        if (row is null || pending is null || pending.After.Version != change.After.Version || pending.Attempt != change.Attempt) { return false; }
        await change.DeleteAsync(connection, transaction, cancellationToken);
        if (change.Attempt == 1 || row.Campaign.Phase is CampaignPhase.Draft) { return true; }
        var now = time.GetUtcNow();
        var restored = row.Campaign with { Version = row.LastVersion + 1, UpdatedAt = now };
        await new PendingChange(restored, CampaignAction.Revoke, change.Actor, now, Attempt: 0, now).InsertAsync(connection, transaction, cancellationToken);
        await SetLastVersionAsync(connection, transaction, restored, cancellationToken);
        return true;
    }

    private async Task MakeStandAsync(
        DbConnection connection, DbTransaction transaction, Campaign before, Campaign after, CampaignAction action, Guid actor, DateTimeOffset orderedAt, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await CampaignRow.UpdateAsync(connection, transaction, after, before.Version, cancellationToken);
        await CampaignHistory.WriteAsync(connection, transaction, after, action, actor, orderedAt, now, cancellationToken);
        await outbox.NoteAsync(connection, transaction, after, cancellationToken);
        if (after.AudienceListVersion == before.AudienceListVersion) { return; }
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE audience_list SET unused_since = @now WHERE campaign_id = @id AND version = @version",
            new { now = now.ToUnixTimeMilliseconds(), id = CampaignRow.Id(after.Id), version = before.AudienceListVersion }, transaction, cancellationToken: cancellationToken));
    }

    private static async Task RequireListAsync(DbConnection connection, DbTransaction transaction, Campaign before, Campaign after, CancellationToken cancellationToken)
    {
        if (after.AudienceListVersion == before.AudienceListVersion) { return; }
        var isThere = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM audience_list WHERE campaign_id = @id AND version = @version AND state = @state",
            new { id = CampaignRow.Id(after.Id), version = after.AudienceListVersion, state = AudienceLists.Complete }, transaction, cancellationToken: cancellationToken));
        if (isThere == 0) { throw new UnavailableException($"List {after.AudienceListVersion} of campaign {after.Id} was swept before it was used."); }
    }

    private static Task<int> SetLastVersionAsync(DbConnection connection, DbTransaction transaction, Campaign campaign, CancellationToken cancellationToken) => connection.ExecuteAsync(new CommandDefinition(
        "UPDATE campaign SET last_version = @version WHERE id = @id", new { version = campaign.Version, id = CampaignRow.Id(campaign.Id) }, transaction, cancellationToken: cancellationToken));

    private TimeSpan RetryDelay(int attempt)
    {
        var delay = s_retryFirst * Math.Pow(2, Math.Min(attempt - 1, 20));
        return delay < options.Value.GateRetryMax ? delay : options.Value.GateRetryMax;
    }

    private static ChangeOutcome ToOutcome(PendingChange change, Completion completion) => completion switch
    {
        Completion.Stands => new ChangeOutcome(change.After, null),
        Completion.Refused refused => new ChangeOutcome(null, Problems.Result(ProblemTypes.QuotaBelowIssued, refused.Detail)),
        _ => Busy(change),
    };

    private static ChangeOutcome Busy(PendingChange change) => new(null, Problems.Result(
        ProblemTypes.Unavailable,
        $"An order to {TransitionVerb(change.Action)} this campaign is kept, but IssueService has not confirmed it yet; it is repeated until it does. Read the campaign again, then decide.",
        retryAfter: TimeSpan.FromSeconds(2)));

    private static string TransitionVerb(CampaignAction action) => action switch
    {
        CampaignAction.Change => "change",
        CampaignAction.ReplaceAudience => "replace the list of members of",
        CampaignAction.Revoke => "restore",
        var transition => transition.ToString().ToLowerInvariant(),
    };

    /// <summary>How far the first transaction got: settled; or an intent, the order's own where it was written; or somebody else's that stands in the way.</summary>
    private sealed record Begun(ChangeOutcome? Outcome, PendingChange? Pending, bool HasWritten)
    {
        public static Begun Refused(IResult refusal) => new(new ChangeOutcome(null, refusal), null, HasWritten: false);
    }
}

/// <summary>How an order to the gate ended.</summary>
internal abstract record Completion
{
    private Completion() { }

    /// <summary>The change stands.</summary>
    internal sealed record Stands : Completion;

    /// <summary>The gate refused it, and it is given up.</summary>
    internal sealed record Refused(string Detail) : Completion;

    /// <summary>It is not known whether the gate has it; the intent stays, or somebody else has settled it.</summary>
    internal sealed record Waits : Completion;
}
