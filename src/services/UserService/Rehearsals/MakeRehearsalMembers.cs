using System.Data.Common;
using System.Text.Json;
using Dapper;
using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Administration;
using FirstCome.UserService.Members;

namespace FirstCome.UserService.Rehearsals;

/// <param name="Count">1 to 100,000; a campaign gets no more than that in all.</param>
internal sealed record RehearsalMembersRequest(int? Count = null);

/// <summary>A line of the answer.</summary>
public sealed record RehearsalMember(Guid MemberId, string AccessToken);

/// <summary>
/// <c>POST /api/rehearsals/{campaignId}/members</c>: tokens of synthetic members for a rehearsal. They are good for claims on this campaign for an hour, and
/// nowhere else; the members are kept nowhere, only counted. They are counted before they are made: a broken answer has used them up.
/// </summary>
internal sealed class MakeRehearsalMembers(Database database, IHttpClientFactory clients, RehearsalTokens tokens, TimeProvider time,
    ILogger<MakeRehearsalMembers> logger)
{
    /// <summary>For one campaign, in all.</summary>
    public const int MembersMax = 100_000;

    /// <summary>The registry's name of the service that knows campaigns.</summary>
    public const string CouponService = "coupon-service";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/rehearsals/{campaignId}/members", (Guid campaignId, RehearsalMembersRequest request, HttpContext context,
            MakeRehearsalMembers make) => make.HandleAsync(campaignId, request, context))
        .RequireRole(Role.Operator)
        .WithName("MakeRehearsalMembers").WithTags("Rehearsals").WithSummary("Make synthetic members for a rehearsal")
        .WithDescription(
            "One JSON object a line: memberId and accessToken, good for an hour and for claims on this campaign alone. Up to 100,000 for a campaign in "
            + "all; they are used up when the answer begins. Audited.")
        .Produces<RehearsalMember>(200, RehearsalTokens.MediaType).ProducesProblems(400, 401, 403, 404, 409, 503);

    private async Task<IResult> HandleAsync(Guid campaignId, RehearsalMembersRequest request, HttpContext context)
    {
        if (request.Count is not { } count || count is < 1 or > MembersMax)
        {
            var errors = new FieldErrors();
            errors.Add("count", $"must be between 1 and {MembersMax}");
            return errors.ToResult();
        }
        var (campaign, unknown) = await FindCampaignAsync(campaignId, context.RequestAborted);
        if (campaign is null) { return unknown!; }
        if (!campaign.Rehearsal) { return Problems.Result(ProblemTypes.Conflict, "The campaign is no rehearsal: real members claim on it."); }
        if (campaign.Phase == CampaignPhase.Archived) { return Problems.Result(ProblemTypes.Conflict, "The rehearsal is archived and takes no more claims."); }

        var caller = context.Caller().MemberId;
        var refusal = await database.WriteAsync((connection, transaction, token) =>
            TakeAsync(connection, transaction, caller, campaignId, count, token), context.RequestAborted);
        if (refusal is not null) { return refusal; }
        context.Response.Headers.CacheControl = "no-store";
        return Results.Stream(stream => tokens.WriteAsync(campaignId, count, stream, context.RequestAborted), RehearsalTokens.MediaType);
    }

    private async Task<(Campaign? Campaign, IResult? Refusal)> FindCampaignAsync(Guid campaignId, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(CouponService);
        try
        {
            using var response = await client.GetAsync(new Uri($"internal/campaigns/{campaignId}", UriKind.Relative), cancellationToken);
            if (response.StatusCode == System.Net.HttpStatusCode.NotFound) { return (null, Problems.Result(ProblemTypes.CampaignUnknown)); }
            response.EnsureSuccessStatusCode();
            if (await response.Content.ReadFromJsonAsync(MessageJson.Default.Campaign, cancellationToken) is { } campaign) { return (campaign, null); }
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            RehearsalsLog.CampaignsAway(logger, exception);
        }
        return (null, Problems.Result(ProblemTypes.Unavailable, "The campaign cannot be looked up at the moment."));
    }

    private async Task<IResult?> TakeAsync(DbConnection connection, DbTransaction transaction, Guid caller, Guid campaignId, int count,
        CancellationToken cancellationToken)
    {
        var @operator = await MemberTable.LockAsync(connection, transaction, database.Dialect, caller, cancellationToken);
        if (@operator is not { Active: true } || !@operator.Roles.HasFlag(Role.Operator)) { return Problems.Result(ProblemTypes.Forbidden); }
        var id = MemberTable.Key(campaignId);
        await connection.ExecuteAsync(new CommandDefinition(
            $"INSERT INTO rehearsal (campaign_id, members) VALUES (@id, 0){database.Dialect.KeepExisting("campaign_id")}", new { id }, transaction,
            cancellationToken: cancellationToken));
        var taken = await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            $"SELECT members FROM rehearsal WHERE campaign_id = @id{database.Dialect.ForUpdate}", new { id }, transaction,
            cancellationToken: cancellationToken));
        if (taken + count > MembersMax)
        {
            return Problems.Result(ProblemTypes.RehearsalLimit,
                $"{taken} of {MembersMax} members were made for this campaign; ask for {MembersMax - taken} at most, or make another rehearsal.");
        }
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE rehearsal SET members = members + @count WHERE campaign_id = @id", new { id, count }, transaction, cancellationToken: cancellationToken));
        var entry = new AuditEntry(time.GetUtcNow(), caller, "rehearsal-members", CampaignId: campaignId, Before: new { members = taken },
            After: new { members = taken + count });
        await AuditTrail.AddAsync(connection, transaction, entry, cancellationToken);
        return null;
    }
}
