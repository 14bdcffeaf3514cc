using System.Data.Common;
using System.Text.Json;
using Dapper;
using FirstCome.Authentication;
using FirstCome.Engines.Database;

namespace FirstCome.UserService.Members;

/// <summary>The table <c>member</c>: its columns, once, and how a row becomes a <see cref="Member"/>.</summary>
internal static class MemberTable
{
    private const string Columns =
        """
        member_id AS MemberId, email AS Email, password_hash AS PasswordHash, display_name AS DisplayName, locale AS Locale, roles AS Roles, grade AS Grade,
        tags AS Tags, member_since AS MemberSince, birth_month AS BirthMonth, locked AS Locked, erased_at AS ErasedAt, tokens_valid_from AS TokensValidFrom,
        standing_at AS StandingAt, version AS Version
        """;

    /// <summary>How an id is bound to a statement.</summary>
    public static byte[] Key(Guid id) => id.ToByteArray(bigEndian: true);

    /// <summary>Null for an unknown id.</summary>
    public static Task<Member?> FindAsync(DbConnection connection, Guid id, CancellationToken cancellationToken) =>
        OneAsync(connection, null, "WHERE member_id = @key", Key(id), cancellationToken);

    /// <summary>By the normalised address; null where it belongs to nobody.</summary>
    public static Task<Member?> FindByEmailAsync(DbConnection connection, string email, CancellationToken cancellationToken) =>
        OneAsync(connection, null, "WHERE email = @key", email, cancellationToken);

    /// <summary>The row, locked until the transaction ends; null for an unknown id.</summary>
    public static Task<Member?> LockAsync(DbConnection connection, DbTransaction transaction, SqlDialect dialect, Guid id,
        CancellationToken cancellationToken) =>
        OneAsync(connection, transaction, $"WHERE member_id = @key{dialect.ForUpdate}", Key(id), cancellationToken);

    /// <summary>What the rest of a select, from WHERE on, finds.</summary>
    public static async Task<IReadOnlyList<Member>> ListAsync(DbConnection connection, string rest, object parameters, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<Row>(
            new CommandDefinition($"SELECT {Columns} FROM member {rest}", parameters, cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.ToMember())];
    }

    /// <summary>Adds a member; false where the e-mail address belongs to somebody already.</summary>
    public static async Task<bool> InsertAsync(DbConnection connection, DbTransaction transaction, SqlDialect dialect, Member member,
        CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            $"""
            INSERT INTO member (member_id, email, password_hash, display_name, locale, roles, grade, tags, member_since, birth_month, locked, erased_at,
                tokens_valid_from, standing_at, version)
            VALUES (@MemberId, @Email, @PasswordHash, @DisplayName, @Locale, @Roles, @Grade, @Tags, @MemberSince, @BirthMonth, @Locked, @ErasedAt,
                @TokensValidFrom, @StandingAt, @Version)
            {dialect.KeepExisting("email")}
            """, new Row(member), transaction, cancellationToken: cancellationToken));
        // Engines count kept rows differently; who owns the address now says it all.
        var owner = await connection.QuerySingleAsync<byte[]>(new CommandDefinition(
            "SELECT member_id FROM member WHERE email = @Email", new { member.Email }, transaction, cancellationToken: cancellationToken));
        return new Guid(owner, bigEndian: true) == member.Id;
    }

    /// <summary>Writes a member whose row the transaction has locked, as the next version.</summary>
    public static async Task<Member> SaveAsync(DbConnection connection, DbTransaction transaction, Member member, CancellationToken cancellationToken)
    {
        var next = member with { Version = member.Version + 1 };
        await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE member SET email = @Email, password_hash = @PasswordHash, display_name = @DisplayName, locale = @Locale, roles = @Roles, grade = @Grade,
                tags = @Tags, birth_month = @BirthMonth, locked = @Locked, erased_at = @ErasedAt, tokens_valid_from = @TokensValidFrom,
                standing_at = @StandingAt, version = @Version
            WHERE member_id = @MemberId
            """, new Row(next), transaction, cancellationToken: cancellationToken));
        return next;
    }

    private static async Task<Member?> OneAsync(DbConnection connection, DbTransaction? transaction, string rest, object key,
        CancellationToken cancellationToken)
    {
        var row = await connection.QuerySingleOrDefaultAsync<Row>(
            new CommandDefinition($"SELECT {Columns} FROM member {rest}", new { key }, transaction, cancellationToken: cancellationToken));
        return row?.ToMember();
    }

    // Settable properties let Dapper fit each engine's own integer types.
    private sealed class Row
    {
        public Row() { }

        public Row(Member member)
        {
            MemberId = Key(member.Id);
            Email = member.Email;
            PasswordHash = member.PasswordHash;
            DisplayName = member.DisplayName;
            Locale = member.Locale;
            Roles = (int)member.Roles;
            Grade = member.Grade;
            Tags = JsonSerializer.Serialize(member.Tags);
            MemberSince = member.MemberSince.ToUnixTimeMilliseconds();
            BirthMonth = member.BirthMonth;
            Locked = member.Locked;
            ErasedAt = member.ErasedAt?.ToUnixTimeMilliseconds();
            TokensValidFrom = member.TokensValidFrom.ToUnixTimeSeconds();
            StandingAt = member.StandingAt.ToUnixTimeMilliseconds();
            Version = member.Version;
        }

        public byte[] MemberId { get; set; } = [];
        public string? Email { get; set; }
        public string? PasswordHash { get; set; }
        public string DisplayName { get; set; } = "";
        public string Locale { get; set; } = "";
        public int Roles { get; set; }
        public string Grade { get; set; } = "";
        public string Tags { get; set; } = "[]";
        public long MemberSince { get; set; }
        public int? BirthMonth { get; set; }
        public bool Locked { get; set; }
        public long? ErasedAt { get; set; }
        public long TokensValidFrom { get; set; }
        public long StandingAt { get; set; }
        public int Version { get; set; }

        public Member ToMember() => new(
            new Guid(MemberId, bigEndian: true), Email, PasswordHash, DisplayName, Locale, (Role)Roles, Grade, JsonSerializer.Deserialize<string[]>(Tags) ?? [],
            DateTimeOffset.FromUnixTimeMilliseconds(MemberSince), BirthMonth, Locked, ErasedAt is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
            DateTimeOffset.FromUnixTimeSeconds(TokensValidFrom), DateTimeOffset.FromUnixTimeMilliseconds(StandingAt), Version);
    }
}
