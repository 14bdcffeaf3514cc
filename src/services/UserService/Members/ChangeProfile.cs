using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Standing;

namespace FirstCome.UserService.Members;

/// <summary>What is left out stays.</summary>
/// <param name="DisplayName">1 to 50 characters.</param>
/// <param name="Locale"><c>ko</c> or <c>en</c>.</param>
/// <param name="BirthMonth">1 to 12; a member tells it once, an admin may correct it.</param>
internal sealed record ChangeProfileRequest(string? DisplayName = null, string? Locale = null, int? BirthMonth = null);

/// <summary><c>PATCH /api/users/me</c>.</summary>
internal static class ChangeProfile
{
    private readonly record struct Outcome(Member? Member, IResult? Refusal);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPatch("/api/users/me", HandleAsync).RequireMember()
        .WithName("ChangeProfile").WithTags("Users").WithSummary("Change the caller's own account")
        .WithDescription("Needs If-Match. The month of birth can be told once: coupons for a birthday must not move with it.")
        .Produces<User>().ProducesProblems(400, 401, 409, 412, 428, 503);

    private static async Task<IResult> HandleAsync(ChangeProfileRequest request, HttpContext context, Database database, StandingOutbox outbox,
        TimeProvider time)
    {
        var errors = new FieldErrors();
        var displayName = request.DisplayName is null ? null : MemberRules.DisplayName(request.DisplayName, errors);
        var locale = request.Locale is null ? null : MemberRules.Locale(request.Locale, errors);
        var birthMonth = MemberRules.BirthMonth(request.BirthMonth, errors);
        if (errors.Any) { return errors.ToResult(); }

        var id = context.Caller().MemberId;
        var outcome = await database.WriteAsync(async (connection, transaction, token) =>
        {
            var member = await MemberTable.LockAsync(connection, transaction, database.Dialect, id, token);
            if (member is not { Active: true }) { return new Outcome(null, Problems.Result(ProblemTypes.Unauthenticated)); }
            if (EntityTag.Check(context.Request, member.Version, required: true) is { } moved) { return new Outcome(null, moved); }
            if (birthMonth is not null && member.BirthMonth is not null && birthMonth != member.BirthMonth)
            {
                return new Outcome(null, Problems.Result(ProblemTypes.Conflict,
                    "The month of birth was told before and stays. An administrator can correct it."));
            }
            var changed = member with
            {
                DisplayName = displayName ?? member.DisplayName,
                Locale = locale ?? member.Locale,
                BirthMonth = birthMonth ?? member.BirthMonth,
            };
            if (changed == member) { return new Outcome(member, null); }
            if (changed.BirthMonth != member.BirthMonth) { changed = await StandingOutbox.AddAsync(connection, transaction, changed, time.GetUtcNow(), token); }
            return new Outcome(await MemberTable.SaveAsync(connection, transaction, changed, token), null);
        }, context.RequestAborted);
        if (outcome.Refusal is { } refusal) { return refusal; }
        outbox.Announce();
        return ReadProfile.Answer(context, outcome.Member!);
    }
}
