using System.Data.Common;
using Dapper;
using FirstCome.Contracts.Problems;
using FirstCome.CouponService.Audience;
using FirstCome.CouponService.Campaigns;
using FirstCome.CouponService.Campaigns.Changes;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Internal;

/// <summary>
/// <c>GET /internal/campaigns/{id}/audience/members</c>: the ids of the list, 16 bytes big-endian each, ascending; its version is the ETag, 0 where none was uploaded.
/// A list that an order to the gate names is given from the moment of that order: the gate may go by it already.
/// </summary>
internal static class StreamAudience
{
    public static void Map(IEndpointRouteBuilder between) => between.MapGet("/campaigns/{id:guid}/audience/members", HandleAsync);

    private static Task<IResult> HandleAsync(Guid id, HttpContext context, Database database, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => StreamAsync(connection, id, context, token), cancellationToken);

    private static async Task<IResult> StreamAsync(DbConnection connection, Guid id, HttpContext context, CancellationToken cancellationToken)
    {
        var response = context.Response;
        if (await CampaignRow.FindAsync(connection, id, cancellationToken) is not { } row) { return Problems.Result(ProblemTypes.CampaignUnknown); }
        var pending = await PendingChange.FindAsync(connection, null, id, cancellationToken);
        var version = (pending?.After ?? row.Campaign).AudienceListVersion;
        var members = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COALESCE(MAX(members), 0) FROM audience_list WHERE campaign_id = @id AND version = @version", new { id = CampaignRow.Id(id), version }, cancellationToken: cancellationToken));
        EntityTag.Set(response, version);
        if (context.Request.Headers.IfNoneMatch == response.Headers.ETag) { return Results.StatusCode(StatusCodes.Status304NotModified); }
        response.ContentType = "application/octet-stream";
        response.ContentLength = members * AudienceLists.IdBytes;
        long sent = 0;
        for (var chunk = 0; sent < response.ContentLength; chunk++)
        {
            // Whoever reads more slowly than unused lists are kept finds the answer cut off, and asks again.
            var ids = await AudienceLists.ReadChunkAsync(connection, id, version, chunk, cancellationToken)
                ?? throw new InvalidOperationException($"List {version} of campaign {id} was removed while it was read.");
            await response.Body.WriteAsync(ids, cancellationToken);
            sent += ids.Length;
        }
        return Results.Empty;
    }
}
