using System.Diagnostics;
using System.Text.Json;
using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Messages;
using FirstCome.Contracts.Problems;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Eligibility;
using FirstCome.IssueService.Gate;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.IssueService.Claims;

/// <summary>
/// <c>POST /api/campaigns/{id}/claims</c>: 202 the claim, logged by this very request · 200 the same claim again · a refusal of <see cref="ClaimRefusal"/>.
/// The audience is judged here, but the verdict travels into the gate, because an earlier claim and the window come first.
/// </summary>
internal static class SubmitClaim
{
    private const int BodyBytesMax = 1024;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/campaigns/{id}/claims", HandleAsync)
        .RequireClaimant("id")
        .WithName("SubmitClaim")
        .WithSummary("Claims a coupon. 202: accepted and logged by this request; 200: the same claim again. Clients treat both alike.")
        .WithTags("Claims")
        .Produces<Claim>(StatusCodes.Status202Accepted).Produces<Claim>()
        .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(429).ProducesProblem(503);

    internal static async Task<IResult> HandleAsync(
        string id, HttpContext context, CampaignDirectory directory, LedgerClaims ledger, ClaimMetrics metrics, IOptions<ClaimOptions> options, TimeProvider time)
    {
        var caller = context.Caller();
        var keyHash = IdempotencyKey.Read(context.Request);
        if (context.Request.ContentLength is not (null or 0) || context.Request.Headers.TransferEncoding.Count > 0) { await RefuseBodyAsync(context); }
        var campaign = await VisibleCampaign.FindAsync(id, caller, directory, context.RequestAborted);
        if (campaign is null) { return Refuse(ClaimRefusal.CampaignUnknown, metrics); }
        var snapshot = campaign.Snapshot;
        if (snapshot.Phase == CampaignPhase.Archived) { return await FromLedgerAsync(snapshot, caller.MemberId, keyHash, ledger, metrics, context.RequestAborted); }

        var now = time.GetUtcNow();
        var (failed, listUnknown) = await JudgeAsync(campaign, caller, now, directory, context.RequestAborted);
        if (campaign.UsableSoldOut(now) is { } soldOut && !soldOut.MayHold(caller.MemberId))
        {
            return listUnknown ? Refuse(ClaimRefusal.Unavailable, metrics) : failed.Count > 0 ? RefuseNotEligible(failed, metrics) : Refuse(ClaimRefusal.SoldOut, metrics);
        }
        var deadline = time.GetTimestamp() + (long)(options.Value.ClaimTimeout.TotalSeconds * time.TimestampFrequency);
        var claim = new PendingClaim(new GateClaim(caller.MemberId, keyHash, failed.Count == 0), keyHash, Activity.Current is { Recorded: true } request ? request.Id : null, deadline);
        var outcome = await AnswerAsync(campaign.Queue.SubmitAsync(claim), options.Value.ClaimTimeout, time);
        return outcome.Refusal switch
        {
            null => Accepted(snapshot.Id, caller.MemberId, outcome, metrics),
            ClaimRefusal.NotEligible when listUnknown => Refuse(ClaimRefusal.Unavailable, metrics),
            ClaimRefusal.NotEligible => RefuseNotEligible(outcome.FirstInGroupFailed ? [Audience.NotFirstInGroup] : failed, metrics),
            ClaimRefusal.NotOpenYet => Refuse(ClaimRefusal.NotOpenYet, metrics, new Dictionary<string, object?> { ["opensAt"] = campaign.Snapshot.OpensAt }),
            { } refusal => Refuse(refusal, metrics),
        };
    }

    // Neither the caller's disconnect nor the end of its time cancels anything: the outcome stands, and a repeat is told it.
    private static async Task<ClaimOutcome> AnswerAsync(Task<ClaimOutcome> deciding, TimeSpan limit, TimeProvider time)
    {
        try { return await deciding.WaitAsync(limit, time); }
        catch (TimeoutException) { return ClaimOutcome.Refused(ClaimRefusal.Unavailable); }
    }

    // A list that cannot be loaded lets nobody win, and nobody is told "not eligible" because of it.
    private static async ValueTask<(IReadOnlyList<FailedCondition> Failed, bool ListUnknown)> JudgeAsync(
        ActiveCampaign campaign, Caller caller, DateTimeOffset now, CampaignDirectory directory, CancellationToken cancellationToken)
    {
        var snapshot = campaign.Snapshot;
        if (snapshot.Audience.Count == 0) { return ([], false); }
        AudienceList? list = null;
        var listUnknown = false;
        if (snapshot.Audience.Any(condition => condition.Kind == AudienceCondition.ListKind))
        {
            try { list = await directory.ListAsync(campaign, cancellationToken); }
            catch (Exception exception) when (exception is HttpRequestException or UnavailableException or InvalidDataException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                listUnknown = true;
            }
        }
        return (Audience.Judge(snapshot, caller.Attributes, now, () => list?.Contains(caller.MemberId) ?? false), listUnknown);
    }

    private static async Task<IResult> FromLedgerAsync(Campaign campaign, Guid member, byte[] keyHash, LedgerClaims ledger, ClaimMetrics metrics, CancellationToken cancellationToken)
    {
        var row = (await ledger.OfMemberAsync(campaign.Id, member, cancellationToken)).FirstOrDefault(row => row.KeyHash.AsSpan().SequenceEqual(keyHash));
        if (row is null) { return Refuse(ClaimRefusal.Closed, metrics); }
        metrics.Decided(null, loggedNow: false);
        return Results.Json(row.ToClaim(), MessageJson.Default.Claim);
    }

    private static IResult Accepted(Guid campaign, Guid member, ClaimOutcome outcome, ClaimMetrics metrics)
    {
        metrics.Decided(null, outcome.LoggedNow);
        var claim = new Claim(campaign, member, outcome.Nth, outcome.Sequence, ClaimState.Accepted, DateTimeOffset.FromUnixTimeMilliseconds(outcome.AcceptedAtMs));
        return Results.Json(claim, MessageJson.Default.Claim, statusCode: outcome.LoggedNow ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
    }

    private static IResult Refuse(ClaimRefusal refusal, ClaimMetrics metrics, IReadOnlyDictionary<string, object?>? extensions = null)
    {
        metrics.Decided(refusal, false);
        return Problems.Result(ProblemOf(refusal), extensions: extensions);
    }

    private static IResult RefuseNotEligible(IReadOnlyList<FailedCondition> failed, ClaimMetrics metrics) =>
        Refuse(ClaimRefusal.NotEligible, metrics, new Dictionary<string, object?> { ["conditions"] = failed });

    /// <summary>The one mapping of refusals to HTTP.</summary>
    internal static ProblemType ProblemOf(ClaimRefusal refusal) => refusal switch
    {
        ClaimRefusal.Unauthorized => ProblemTypes.Unauthenticated,
        ClaimRefusal.CampaignUnknown => ProblemTypes.CampaignUnknown,
        ClaimRefusal.NotOpenYet => ProblemTypes.NotOpenYet,
        ClaimRefusal.Closed => ProblemTypes.Closed,
        ClaimRefusal.Paused => ProblemTypes.Paused,
        ClaimRefusal.NotEligible => ProblemTypes.NotEligible,
        ClaimRefusal.LimitReached => ProblemTypes.LimitReached,
        ClaimRefusal.SoldOut => ProblemTypes.SoldOut,
        ClaimRefusal.Recovering => ProblemTypes.Recovering,
        ClaimRefusal.Unavailable => ProblemTypes.Unavailable,
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "A refusal without a problem."),
    };

    // No body, or {}; anything else was meant for something that this request does not do.
    private static async Task RefuseBodyAsync(HttpContext context)
    {
        var buffer = new byte[BodyBytesMax + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length == 0) { return; }
        var errors = new FieldErrors();
        if (length > BodyBytesMax) { errors.Add("body", "must be empty, or {}"); }
        else
        {
            try
            {
                using var document = JsonDocument.Parse(buffer.AsMemory(0, length));
                if (document.RootElement.ValueKind != JsonValueKind.Object) { errors.Add("body", "must be empty, or {}"); }
                else { foreach (var property in document.RootElement.EnumerateObject()) { errors.Add(property.Name, "is unknown: leave it out"); } }
            }
            catch (JsonException) { errors.Add("body", "must be empty, or {}"); }
        }
        if (errors.Any) { throw new InvalidRequestException(errors); }
    }
}
