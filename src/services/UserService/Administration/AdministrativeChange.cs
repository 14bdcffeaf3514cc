using System.Data.Common;
using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;
using FirstCome.UserService.Sessions;
using FirstCome.UserService.Standing;

namespace FirstCome.UserService.Administration;

/// <summary>What an admin orders for one member.</summary>
/// <param name="Action">Its name in the audit trail.</param>
/// <param name="VersionRequired">Whether <c>If-Match</c> must be there (PUT) or is honoured only (POST).</param>
/// <param name="Refuse">Why this admin may not do it to this member; null: go on.</param>
/// <param name="Apply">The member afterwards; the same one where nothing changes.</param>
internal sealed record AdministrativeOrder(string Action, bool VersionRequired, Func<Guid, Member, IResult?> Refuse,
    Func<Member, DateTimeOffset, Member> Apply);

/// <summary>The part of a member that admins change, as the audit trail keeps it.</summary>
internal sealed record AdministeredState(IReadOnlyList<string> Roles, string Grade, IReadOnlyList<string> Tags, int? BirthMonth, bool Locked)
{
    public static AdministeredState Of(Member member) =>
        new(FirstCome.Authentication.Roles.Names(member.Roles), member.Grade, member.Tags, member.BirthMonth, member.Locked);
}

/// <summary>
/// Carries an order out: member, audit row and announcement in one transaction. Ordering what is so already changes nothing and is answered alike.
/// </summary>
internal sealed class AdministrativeChange(Database database, StandingOutbox outbox, TimeProvider time)
{
    private readonly record struct Outcome(Member? Member, IResult? Refusal);

    public async Task<IResult> RunAsync(HttpContext context, Guid id, AdministrativeOrder order)
    {
        var admin = context.Caller().MemberId;
        var outcome = await database.WriteAsync((connection, transaction, token) =>
            ApplyAsync(connection, transaction, context.Request, admin, id, order, token), context.RequestAborted);
        if (outcome.Refusal is { } refusal) { return refusal; }
        outbox.Announce();
        return ReadProfile.Answer(context, outcome.Member!);
    }

    /// <summary>
    /// 403 where the caller is no admin any more, though the token still says so. Since nobody takes the role from or locks oneself, whoever changes others
    /// here is an admin who remains: there is always one.
    /// </summary>
    public static async Task<IResult?> RefuseFormerAdminAsync(DbConnection connection, DbTransaction transaction, SqlDialect dialect, Guid admin,
        CancellationToken cancellationToken)
    {
        var caller = await MemberTable.LockAsync(connection, transaction, dialect, admin, cancellationToken);
        return caller is { Active: true } && caller.Roles.HasFlag(Role.Admin) ? null : Problems.Result(ProblemTypes.Forbidden);
    }

    private async Task<Outcome> ApplyAsync(
        DbConnection connection, DbTransaction transaction, HttpRequest request, Guid admin, Guid id, AdministrativeOrder order,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (await RefuseFormerAdminAsync(connection, transaction, database.Dialect, admin, cancellationToken) is { } former)
        {
            return new Outcome(null, former);
        }
        var member = await MemberTable.LockAsync(connection, transaction, database.Dialect, id, cancellationToken);
        if (member is null || member.ErasedAt is not null)
        {
            return new Outcome(null, Problems.Result(ProblemTypes.NotFound, "There is no user with this id."));
        }
        if (EntityTag.Check(request, member.Version, order.VersionRequired) is { } moved) { return new Outcome(null, moved); }
        if (order.Refuse(admin, member) is { } refusal) { return new Outcome(null, refusal); }
        var changed = order.Apply(member, now);
        if (changed == member) { return new Outcome(member, null); }
        changed = await StandingOutbox.AddAsync(connection, transaction, changed, now, cancellationToken);
        changed = await MemberTable.SaveAsync(connection, transaction, changed, cancellationToken);
        if (changed.Locked) { await SessionTable.EndAllAsync(connection, transaction, id, cancellationToken); }
        var entry = new AuditEntry(now, admin, order.Action, MemberId: id, Before: AdministeredState.Of(member), After: AdministeredState.Of(changed));
        await AuditTrail.AddAsync(connection, transaction, entry, cancellationToken);
        return new Outcome(changed, null);
    }
}
