using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Administration;

namespace FirstCome.UserService.Tokens;

/// <summary>The ids of the signing keys.</summary>
/// <param name="Signing">The one that signs now.</param>
/// <param name="Next">The one that waits until every verifier has it.</param>
/// <param name="NextSignsFrom">When it begins.</param>
/// <param name="Published">All that stand in the JWKS, the oldest first.</param>
public sealed record KeyIds(string Signing, string? Next, DateTimeOffset? NextSignsFrom, IReadOnlyList<string> Published);

/// <summary>
/// <c>POST /api/auth/keys/rotate</c>: publishes a new signing key; see <see cref="KeySchedule"/>. Repeated while it waits: the same rotation.
/// </summary>
internal static class RotateKeys
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/auth/keys/rotate", HandleAsync).RequireRole(Role.Admin)
        .WithName("RotateKeys").WithTags("Keys").WithSummary("Replace the key that signs access tokens")
        .WithDescription(
            "The new key is published at once and signs two minutes later; the old one stays published until its last token has expired. Ordered again "
            + "in between, it is the same rotation.")
        .Produces<KeyIds>().ProducesProblems(401, 403, 429, 503);

    private static async Task<IResult> HandleAsync(HttpContext context, KeyRing keys, Database database, TimeProvider time)
    {
        var admin = context.Caller().MemberId;
        var before = IdsOf(keys);
        var refusal = await database.WriteAsync((connection, transaction, token) =>
            AdministrativeChange.RefuseFormerAdminAsync(connection, transaction, database.Dialect, admin, token), context.RequestAborted);
        if (refusal is not null) { return refusal; }
        if (await keys.RotateAsync(context.RequestAborted) is { } roomAt)
        {
            return Problems.Result(ProblemTypes.TooManyRequests, "Too many earlier keys are still needed to check tokens.",
                retryAfter: roomAt - time.GetUtcNow());
        }
        var after = IdsOf(keys);
        if (after.Published[^1] != before.Published[^1])
        {
            var entry = new AuditEntry(time.GetUtcNow(), admin, "keys-rotate", Before: before, After: after);
            await database.WriteAsync((connection, transaction, token) => AuditTrail.AddAsync(connection, transaction, entry, token), CancellationToken.None);
        }
        return Results.Json(after, ApiJson.Options);
    }

    private static KeyIds IdsOf(KeyRing keys)
    {
        var waiting = keys.Waiting;
        return new KeyIds(keys.Signing.KeyId, waiting?.Key.KeyId, waiting?.SignsFrom, [.. keys.Published.Select(key => key.KeyId)]);
    }
}
