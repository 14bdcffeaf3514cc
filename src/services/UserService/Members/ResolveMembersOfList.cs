using Dapper;
using FirstCome.Contracts.Internal;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace FirstCome.UserService.Members;

/// <summary><c>POST /internal/users/resolve</c>: which of these addresses and ids are members; erased ones are not.</summary>
internal static class ResolveMembersOfList
{
    // As many of the longest addresses as may be asked for, with room for quotes and escapes.
    private const long BodyBytesMax = 512 * 1024;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/users/resolve", HandleAsync).WithMetadata(new RequestSizeLimitAttribute(BodyBytesMax));

    private static async Task<IResult> HandleAsync(ResolveMembers request, Database database, CancellationToken cancellationToken)
    {
        var asked = request.Emails ?? [];
        var ids = request.Ids ?? [];
        if (asked.Count + ids.Count > InternalApi.ResolveMembersMax)
        {
            var errors = new FieldErrors();
            errors.Add("emails", $"must have, together with ids, at most {InternalApi.ResolveMembersMax} entries");
            return errors.ToResult();
        }
        // Whatever is no e-mail address belongs to nobody.
        var emails = asked.Select(text => EmailAddress.TryNormalize(text, out var email, out _) ? email : "").ToList();
        var (byEmail, known) = await database.ReadAsync(async (connection, token) =>
        {
            var byEmail = (await connection.QueryAsync<(string Email, byte[] MemberId)>(new CommandDefinition(
                "SELECT email, member_id FROM member WHERE email IN @emails", new { emails = emails.Distinct() }, cancellationToken: token)))
                .ToDictionary(row => row.Email, row => new Guid(row.MemberId, bigEndian: true), StringComparer.Ordinal);
            var known = (await connection.QueryAsync<byte[]>(new CommandDefinition(
                "SELECT member_id FROM member WHERE member_id IN @ids AND erased_at IS NULL", new { ids = ids.Distinct().Select(MemberTable.Key) },
                cancellationToken: token)))
                .Select(key => new Guid(key, bigEndian: true)).ToHashSet();
            return (byEmail, known);
        }, cancellationToken);
        return Results.Json(new ResolvedMembers([.. emails.Select(email => byEmail.TryGetValue(email, out var id) ? id : (Guid?)null)],
            [.. ids.Select(known.Contains)]), ApiJson.Options);
    }
}
