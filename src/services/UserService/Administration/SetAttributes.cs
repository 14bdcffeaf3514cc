using FirstCome.Authentication;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;

namespace FirstCome.UserService.Administration;

/// <param name="Grade">Up to 30 letters, digits, spaces and <c>- _ . : /</c>; empty for none.</param>
/// <param name="Tags">Up to 20, each 1 to 30 of the same characters.</param>
/// <param name="BirthMonth">1 to 12; left out: none, and the member may tell it.</param>
internal sealed record SetAttributesRequest(string? Grade = null, IReadOnlyList<string?>? Tags = null, int? BirthMonth = null);

/// <summary><c>PUT /api/users/{id}/attributes</c>: what conditions of campaigns are judged by, all of it at once.</summary>
internal static class SetAttributes
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/api/users/{id}/attributes", HandleAsync).RequireRole(Role.Admin)
        .WithName("SetAttributes").WithTags("Administration").WithSummary("Set an account's grade, tags and month of birth")
        .WithDescription("Needs If-Match. Replaces all three. Takes effect on every service within five seconds, also for tokens issued before.")
        .Produces<User>().ProducesProblems(400, 401, 403, 404, 412, 428, 503);

    private static async Task<IResult> HandleAsync(Guid id, SetAttributesRequest request, HttpContext context, AdministrativeChange change)
    {
        var errors = new FieldErrors();
        var grade = MemberRules.Grade(request.Grade, errors);
        var tags = MemberRules.Tags(request.Tags, errors);
        var birthMonth = MemberRules.BirthMonth(request.BirthMonth, errors);
        if (errors.Any) { return errors.ToResult(); }
        return await change.RunAsync(context, id, new AdministrativeOrder(
            "attributes", VersionRequired: true, (_, _) => null, (member, _) => Apply(member, grade, tags, birthMonth)));
    }

    // Lists are compared by their entries; a record would compare them by reference.
    internal static Member Apply(Member member, string grade, IReadOnlyList<string> tags, int? birthMonth) =>
        member.Grade == grade && member.BirthMonth == birthMonth && member.Tags.SequenceEqual(tags)
            ? member
            : member with { Grade = grade, Tags = tags, BirthMonth = birthMonth };
}
