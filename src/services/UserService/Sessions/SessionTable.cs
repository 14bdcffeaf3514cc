using System.Data.Common;
using Dapper;
using FirstCome.UserService.Members;

namespace FirstCome.UserService.Sessions;

/// <summary>What a client gets when it signs in or refreshes.</summary>
/// <param name="AccessToken">For the header <c>Authorization: Bearer …</c>; lives ten minutes.</param>
/// <param name="ExpiresAt">Of the access token.</param>
/// <param name="RefreshToken">Good for one refresh; keep it where scripts of other pages cannot read it.</param>
public sealed record SessionTokens(string AccessToken, DateTimeOffset ExpiresAt, string RefreshToken);

/// <summary>A row of the table <c>session</c>.</summary>
internal sealed class SessionRow
{
    public byte[] SessionId { get; set; } = [];
    public byte[] MemberId { get; set; } = [];
    public byte[] TokenHash { get; set; } = [];
    public long ExpiresAt { get; set; }
}

/// <summary>The table <c>session</c>: one row for each family of refresh tokens.</summary>
internal static class SessionTable
{
    /// <summary>Begins a session, and ends the stalest ones where the member would have more than <paramref name="sessionsMax"/>.</summary>
    public static async Task AddAsync(
        DbConnection connection, DbTransaction transaction, Guid memberId, RefreshToken refresh, DateTimeOffset now, TimeSpan lifetime, int sessionsMax,
        CancellationToken cancellationToken)
    {
        var parameters = new
        {
            session = MemberTable.Key(refresh.SessionId),
            member = MemberTable.Key(memberId),
            hash = refresh.Hash(),
            now = now.ToUnixTimeMilliseconds(),
            expiresAt = (now + lifetime).ToUnixTimeMilliseconds(),
            sessionsMax,
        };
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO session (session_id, member_id, token_hash, refreshed_at, expires_at) VALUES (@session, @member, @hash, @now, @expiresAt)",
            parameters, transaction, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition(
            """
            DELETE FROM session WHERE member_id = @member AND session_id NOT IN (
                SELECT session_id FROM (
                    SELECT session_id FROM session WHERE member_id = @member ORDER BY refreshed_at DESC, session_id DESC LIMIT @sessionsMax) AS newest)
            """, parameters, transaction, cancellationToken: cancellationToken));
    }

    /// <summary>Null where there is no such session, or no more.</summary>
    public static Task<SessionRow?> FindAsync(DbConnection connection, DbTransaction? transaction, string forUpdate, Guid sessionId,
        CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<SessionRow?>(new CommandDefinition(
            $"""
            SELECT session_id AS SessionId, member_id AS MemberId, token_hash AS TokenHash, expires_at AS ExpiresAt
            FROM session WHERE session_id = @id{forUpdate}
            """, new { id = MemberTable.Key(sessionId) }, transaction, cancellationToken: cancellationToken));

    /// <summary>Ends one session.</summary>
    public static Task EndAsync(DbConnection connection, DbTransaction transaction, Guid sessionId, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition("DELETE FROM session WHERE session_id = @id", new { id = MemberTable.Key(sessionId) }, transaction,
            cancellationToken: cancellationToken));

    /// <summary>Ends every session of a member.</summary>
    public static Task EndAllAsync(DbConnection connection, DbTransaction transaction, Guid memberId, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition("DELETE FROM session WHERE member_id = @id", new { id = MemberTable.Key(memberId) }, transaction,
            cancellationToken: cancellationToken));
}
