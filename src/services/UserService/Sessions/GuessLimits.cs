using System.Data.Common;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.UserService.Sessions;

/// <summary>What somebody may guess at.</summary>
internal enum Secret
{
    Password,
    ResetCode,
}

/// <summary>
/// Lockout and rate limit against guessing: by account in the table <c>secret_failure</c>, the same for addresses that belong to nobody, and by the client's
/// address in memory.
/// </summary>
internal sealed class GuessLimits(Database database, AddressFailures addresses, IOptions<SignInOptions> options, TimeProvider time, ILogger<GuessLimits> logger)
{
    /// <summary>429 while the account or the address must wait; null: go on.</summary>
    public async Task<IResult?> RefuseAsync(Secret secret, string email, IPAddress? address, CancellationToken cancellationToken)
    {
        var wait = addresses.WaitLeft(address);
        if (wait == TimeSpan.Zero)
        {
            var failures = await database.ReadAsync((connection, token) => FindAsync(connection, null, "", Subject(secret, email), token), cancellationToken);
            wait = GuessRules.WaitLeft(failures, time.GetUtcNow());
        }
        return wait > TimeSpan.Zero
            ? Problems.Result(ProblemTypes.TooManyRequests, "Too many attempts failed. Wait as long as Retry-After says, then try again.", retryAfter: wait)
            : null;
    }

    /// <summary>Counts a failure. It is counted also where the client has gone.</summary>
    public async Task CountAsync(Secret secret, string email, IPAddress? address)
    {
        addresses.Add(address);
        var after = await database.WriteAsync(async (connection, transaction, token) =>
        {
            var subject = Subject(secret, email);
            // A row that is not there cannot be locked, and of many first failures at once each one counts.
            await connection.ExecuteAsync(new CommandDefinition(
                $"""
                INSERT INTO secret_failure (subject, failures, window_started_at, blocked_until) VALUES (@subject, 0, 0, 0)
                {database.Dialect.KeepExisting("failures")}
                """, new { subject }, transaction, cancellationToken: token));
            var before = await FindAsync(connection, transaction, database.Dialect.ForUpdate, subject, token);
            var failures = GuessRules.After(before, time.GetUtcNow(), options.Value);
            await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE secret_failure SET failures = @Count, window_started_at = @windowStartedAt, blocked_until = @blockedUntil WHERE subject = @subject",
                new
                {
                    subject,
                    failures.Count,
                    windowStartedAt = failures.WindowStartedAt.ToUnixTimeMilliseconds(),
                    blockedUntil = failures.BlockedUntil.ToUnixTimeMilliseconds(),
                },
                transaction, cancellationToken: token));
            return failures;
        }, CancellationToken.None);
        if (after.Count == options.Value.FailuresMax) { SessionsLog.GuessesBlocked(logger, secret); }
    }

    /// <summary>Counts a failure by address alone: what was tried belongs to no secret.</summary>
    public void CountAddress(IPAddress? address) => addresses.Add(address);

    /// <summary>The address alone: 429 or null.</summary>
    public IResult? RefuseAddress(IPAddress? address) =>
        addresses.WaitLeft(address) is var wait && wait > TimeSpan.Zero ? Problems.Result(ProblemTypes.TooManyRequests, retryAfter: wait) : null;

    /// <summary>Forgets the failures: the secret was named, or is another now.</summary>
    public static Task ForgetAsync(DbConnection connection, DbTransaction transaction, string email, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM secret_failure WHERE subject IN (@password, @code)",
            new { password = Subject(Secret.Password, email), code = Subject(Secret.ResetCode, email) },
            transaction, cancellationToken: cancellationToken));

    private static async Task<Failures?> FindAsync(DbConnection connection, DbTransaction? transaction, string forUpdate, byte[] subject,
        CancellationToken cancellationToken)
    {
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            $"""
            SELECT failures AS Count, window_started_at AS WindowStartedAt, blocked_until AS BlockedUntil
            FROM secret_failure WHERE subject = @subject{forUpdate}
            """, new { subject }, transaction, cancellationToken: cancellationToken));
        return row is null ? null : new Failures(row.Count, DateTimeOffset.FromUnixTimeMilliseconds(row.WindowStartedAt),
            DateTimeOffset.FromUnixTimeMilliseconds(row.BlockedUntil));
    }

    private static byte[] Subject(Secret secret, string email) => SHA256.HashData(Encoding.UTF8.GetBytes($"{secret}:{email}"))[..16];

    private sealed class Row
    {
        public int Count { get; set; }
        public long WindowStartedAt { get; set; }
        public long BlockedUntil { get; set; }
    }
}
