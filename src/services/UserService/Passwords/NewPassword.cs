using System.Data.Common;
using Dapper;
using FirstCome.UserService.Members;
using FirstCome.UserService.Sessions;
using FirstCome.UserService.Standing;

namespace FirstCome.UserService.Passwords;

/// <summary>What follows from every new password, in the transaction that sets it.</summary>
internal static class NewPassword
{
    /// <summary>
    /// Sets it on a member whose row is locked: sessions end, tokens and one-time codes are good no more, failures are forgotten. Always true.
    /// </summary>
    public static async Task<bool> SetAsync(DbConnection connection, DbTransaction transaction, Member member, string hash, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var changed = (member with { PasswordHash = hash }).WithTokensRefused(now);
        changed = await StandingOutbox.AddAsync(connection, transaction, changed, now, cancellationToken);
        await MemberTable.SaveAsync(connection, transaction, changed, cancellationToken);
        await SessionTable.EndAllAsync(connection, transaction, member.Id, cancellationToken);
        await GuessLimits.ForgetAsync(connection, transaction, member.Email!, cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("DELETE FROM password_reset WHERE member_id = @id", new { id = MemberTable.Key(member.Id) },
            transaction, cancellationToken: cancellationToken));
        return true;
    }
}
