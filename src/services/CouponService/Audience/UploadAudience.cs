using System.Buffers.Binary;
using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Problems;
using FirstCome.CouponService.Campaigns;
using FirstCome.CouponService.Campaigns.Changes;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace FirstCome.CouponService.Audience;

/// <summary>How many members the list has, each counted once.</summary>
internal sealed record UploadedAudience(int Accepted);

/// <summary>
/// <c>PUT /api/campaigns/{id}/audience/members</c>: replaces the list of members in one step. The list is read and checked as it arrives, a thousand lines at a time; nothing is kept of a list
/// with a wrong line. Then it is written under a version of its own, and a change of the campaign makes that version count, as any other change does.
/// </summary>
internal sealed class UploadAudience(Database database, AudienceLists lists, MemberLookup members, CampaignChanges changes, UploadSlots slots, TimeProvider time, ILogger<UploadAudience> logger)
{
    public const long BodyBytesMax = 64 * 1024 * 1024;
    private const int RejectedMax = 1_000, LookupsMax = 4;

    public static void Map(IEndpointRouteBuilder campaigns) => campaigns
        .MapPut("/{id}/audience/members", (Guid id, HttpContext context, UploadAudience upload, CancellationToken cancellationToken) => upload.HandleAsync(id, context, cancellationToken))
        .WithMetadata(new RequestSizeLimitAttribute(BodyBytesMax))
        .Accepts<string>("text/csv")
        .WithName("UploadAudience").WithSummary("Replaces the list of members of a campaign")
        .WithDescription("One column, headed memberId or email, up to 1,000,000 lines and 64 MiB. A wrong line refuses all of it. In a live campaign the new list binds later claims when this is answered.")
        .Produces<UploadedAudience>().ProducesProblems(400, 401, 403, 404, 409, 412, 413, 415, 428, 503);

    private async Task<IResult> HandleAsync(Guid id, HttpContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (!IsCsv(request)) { return Problems.Result(ProblemTypes.UnsupportedMediaType, "Send the list as text/csv in UTF-8."); }
        var order = new ChangeOrder(
            id, CampaignAction.ReplaceAudience, context.Caller().MemberId, version => EntityTag.Check(request, version, required: true), (campaign, now) => Decide(campaign, 0, now));
        // What would be refused in the end is refused before 64 MiB are read; the change asks again.
        if (await PreviewAsync(order, cancellationToken) is { } refusal) { return refusal; }
        using var slot = slots.TryEnter();
        if (slot is null) { return Problems.Result(ProblemTypes.Unavailable, "Other lists are being uploaded at the moment; send this one again later.", retryAfter: TimeSpan.FromSeconds(5)); }

        var (ids, rejected) = await ReadAsync(new MemberLineReader(request.BodyReader), cancellationToken);
        if (rejected.Count > 0)
        {
            AudienceLog.AudienceRejected(logger, id, rejected.Count);
            return Problems.Result(ProblemTypes.AudienceListRejected, extensions: new Dictionary<string, object?> { ["rejected"] = rejected });
        }
        var version = await lists.WriteAsync(id, ids, cancellationToken);
        var outcome = await changes.ChangeAsync(order with { Decide = (campaign, now) => Decide(campaign, version, now) }, cancellationToken);
        if (outcome.Campaign is not { } campaign) { return outcome.Refusal!; }
        AudienceLog.AudienceReplaced(logger, id, ids.Count, version);
        EntityTag.Set(context.Response, campaign.Version);
        return Results.Ok(new UploadedAudience(ids.Count));
    }

    /// <summary>A list may be replaced before the campaign is closed; once it is scheduled, only where one of its conditions is the list.</summary>
    internal static Decision Decide(Campaign campaign, int version, DateTimeOffset now)
    {
        var state = campaign.StateAt(now);
        if (state is CampaignState.Closed or CampaignState.Archived)
        {
            return new Decision.Illegal(state, null, $"The list of members is fixed: the campaign is {TransitionRules.Name(state)}.", ["audienceMembers"]);
        }
        if (state is not CampaignState.Draft && campaign.Audience.All(condition => condition.Kind != AudienceCondition.ListKind))
        {
            return new Decision.Illegal(state, null, "None of the campaign's conditions is a list of members, and conditions are fixed once it is scheduled.", ["audienceMembers"]);
        }
        return new Decision.Change(campaign with { AudienceListVersion = version });
    }

    private async Task<IResult?> PreviewAsync(ChangeOrder order, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, token) => CampaignRow.FindAsync(connection, order.CampaignId, token), cancellationToken);
        if (row is null) { return Problems.Result(ProblemTypes.CampaignUnknown); }
        return order.Precondition(row.Campaign.Version) ?? (order.Decide(row.Campaign, time.GetUtcNow()) as Decision.Illegal)?.ToResult();
    }

    private async Task<(IReadOnlyList<UInt128> Ids, IReadOnlyList<RejectedLine> Rejected)> ReadAsync(MemberLineReader reader, CancellationToken cancellationToken)
    {
        var ids = new List<UInt128>();
        var rejected = new List<RejectedLine>();
        var lookups = new Queue<(IReadOnlyList<MemberLine> Lines, Task<IReadOnlyList<Guid?>> Members)>(LookupsMax);
        // One lookup that fails ends the others.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await foreach (var lines in reader.ReadAsync(cancellationToken))
            {
                if (lookups.Count == LookupsMax) { await TakeAsync(); }
                if (rejected.Count >= RejectedMax) { break; }
                lookups.Enqueue((lines, members.ResolveAsync(lines, ending.Token)));
            }
            while (lookups.Count > 0) { await TakeAsync(); }
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(lookups.Select(Task (lookup) => lookup.Members)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (rejected.Count > 0)
        {
            await reader.DrainAsync(cancellationToken);
            return ([], [.. rejected.Take(RejectedMax)]);
        }
        ids.Sort();
        return (Distinct(ids), rejected);

        async Task TakeAsync()
        {
            var (lines, found) = lookups.Peek();
            var memberOf = await found;
            lookups.Dequeue();
            for (var i = 0; i < lines.Count; i++)
            {
                if (lines[i].Problem is { } problem) { rejected.Add(new RejectedLine(lines[i].Number, problem)); }
                else if (memberOf[i] is { } member) { ids.Add(BinaryPrimitives.ReadUInt128BigEndian(member.ToByteArray(bigEndian: true))); }
                else { rejected.Add(new RejectedLine(lines[i].Number, "is no member")); }
            }
        }
    }

    private static List<UInt128> Distinct(List<UInt128> sorted)
    {
        var kept = 0;
        for (var i = 0; i < sorted.Count; i++)
        {
            if (i == 0 || sorted[i] != sorted[i - 1]) { sorted[kept++] = sorted[i]; }
        }
        sorted.RemoveRange(kept, sorted.Count - kept);
        return sorted;
    }

    private static bool IsCsv(HttpRequest request) => MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));
}
