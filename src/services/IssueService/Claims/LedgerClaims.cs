using FirstCome.Engines.Database;
using FirstCome.Ledger;

namespace FirstCome.IssueService.Claims;

/// <summary>What the ledger holds of a member on a campaign.</summary>
internal sealed class LedgerClaims(Database ledger)
{
    /// <summary>The member's rows in the order of nth; dead letters that another row keeps out come as rows under review.</summary>
    public Task<IReadOnlyList<ClaimRow>> OfMemberAsync(Guid campaign, Guid member, CancellationToken cancellationToken) => ledger.ReadAsync<IReadOnlyList<ClaimRow>>(async (connection, token) =>
    {
        var rows = new List<ClaimRow>();
        await using var command = LedgerValues.Command(
            connection, null,
            $"""
            SELECT {ClaimRow.Columns} FROM claim WHERE campaign_id = @campaign AND member_id = @member
            UNION ALL
            SELECT campaign_id, sequence, member_id, nth, key_hash, generation, CASE state WHEN {DeadLetterState.Rejected} THEN {ClaimRowState.Rejected} ELSE {ClaimRowState.UnderReview} END,
                accepted_at, created_at, '', reason, log_partition, log_offset
            FROM dead_letter WHERE campaign_id = @campaign AND member_id = @member AND has_row = 0 AND state <> {DeadLetterState.Redriven}
            """,
            ("@campaign", LedgerValues.Id(campaign)), ("@member", LedgerValues.Id(member)));
        await using var found = await command.ExecuteReaderAsync(token);
        while (await found.ReadAsync(token)) { rows.Add(ClaimRow.Read(found)); }
        rows.Sort((one, other) => one.Nth.CompareTo(other.Nth));
        return rows;
    }, cancellationToken);
}
