using System.Data.Common;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Messages;

namespace FirstCome.Ledger;

/// <summary>The states of <c>claim.state</c>.</summary>
public static class ClaimRowState
{
    public const int Issued = 1, UnderReview = 2, Rejected = 3;

    /// <summary>As callers see it.</summary>
    public static ClaimState ToContract(int state) => state switch
    {
        Issued => ClaimState.Issued,
        UnderReview => ClaimState.UnderReview,
        Rejected => ClaimState.Rejected,
        _ => throw new InvalidOperationException($"The ledger holds a claim in the unknown state {state}."),
    };
}

/// <summary>The states of <c>dead_letter.state</c>.</summary>
public static class DeadLetterState
{
    public const int Open = 1, Redriven = 2, Rejected = 3;
}

/// <summary>A row of <c>claim</c>.</summary>
public sealed record ClaimRow(
    Guid CampaignId, long Sequence, Guid MemberId, int Nth, byte[] KeyHash, int Generation, int State, long AcceptedAtMs, long IssuedAtMs, string Code, string? Reason,
    int LogPartition, long LogOffset)
{
    /// <summary>The columns in the order in which <see cref="Read"/> takes them.</summary>
    public const string Columns = "campaign_id, sequence, member_id, nth, key_hash, generation, state, accepted_at, issued_at, code, reason, log_partition, log_offset";

    public static ClaimRow Read(DbDataReader row) => new(
        LedgerValues.Id(row, 0), row.GetInt64(1), LedgerValues.Id(row, 2), row.GetInt32(3), row.GetFieldValue<byte[]>(4), row.GetInt32(5), row.GetInt32(6), row.GetInt64(7), row.GetInt64(8),
        row.GetString(9), row.IsDBNull(10) ? null : row.GetString(10), row.GetInt32(11), row.GetInt64(12));

    /// <summary>What CouponService is told of an issued row; always the same for one row.</summary>
    public CouponIssued ToIssued() => new(
        CampaignId, MemberId, Nth, Sequence, Code, DateTimeOffset.FromUnixTimeMilliseconds(AcceptedAtMs), DateTimeOffset.FromUnixTimeMilliseconds(IssuedAtMs));

    /// <summary>The claim as callers see it; one that is not issued shows no code.</summary>
    public Claim ToClaim()
    {
        var issued = State == ClaimRowState.Issued;
        return new Claim(
            CampaignId, MemberId, Nth, Sequence, ClaimRowState.ToContract(State), DateTimeOffset.FromUnixTimeMilliseconds(AcceptedAtMs),
            issued ? DateTimeOffset.FromUnixTimeMilliseconds(IssuedAtMs) : null, issued ? Code : null, Reason);
    }
}

/// <summary>How values are bound and read.</summary>
public static class LedgerValues
{
    private const int LongCommandSeconds = 60;

    public static byte[] Id(Guid id) => id.ToByteArray(bigEndian: true);

    public static Guid Id(DbDataReader row, int column) => new(row.GetFieldValue<byte[]>(column), bigEndian: true);

    public static Guid Id(byte[] value) => new(value, bigEndian: true);

    /// <summary>Makes a command with parameters; values are bound as they are, null as NULL.</summary>
    public static DbCommand Command(DbConnection connection, DbTransaction? transaction, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        foreach (var (name, value) in parameters) { Bind(command, name, value); }
        return command;
    }

    /// <summary>As <see cref="Command"/>, for a statement that goes through all rows of a campaign: it may take a minute, longer than a request's.</summary>
    public static DbCommand LongCommand(DbConnection connection, DbTransaction? transaction, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = Command(connection, transaction, sql, parameters);
        command.CommandTimeout = LongCommandSeconds;
        return command;
    }

    public static void Bind(DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
    }
}
