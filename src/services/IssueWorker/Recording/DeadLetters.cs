using FirstCome.Ledger;

namespace FirstCome.IssueWorker.Recording;

/// <summary>
/// Keeps claims that cannot become an issued row, for an operator; never silence. Where nothing stands in the claim's place it also becomes a row under review,
/// which keeps its number and its place.
/// </summary>
internal static class DeadLetters
{
    /// <summary>Writes the letters; answers the claims that were not there before, with the reason.</summary>
    public static async Task<IReadOnlyList<ClaimRow>> AddAsync(Write write, IEnumerable<(ClaimRow Claim, string Reason, string Detail)> letters)
    {
        var added = new List<ClaimRow>();
        foreach (var (claim, reason, detail) in letters)
        {
            // A replay of a record that is a letter already, perhaps published twice: the number names it.
            if (await IsKnownAsync(write, claim)) { continue; }
            var hasRow = reason is not ("campaign-unknown" or "sequence-conflict" or "member-conflict") && await AddRowAsync(write, claim, reason);
            await using var command = LedgerValues.Command(
                write.Connection, write.Transaction,
                $"""
                INSERT INTO dead_letter (id, campaign_id, sequence, member_id, nth, key_hash, generation, accepted_at, log_partition, log_offset, reason, detail, has_row, state, created_at)
                VALUES (@id, @campaign, @sequence, @member, @nth, @hash, @generation, @accepted, @partition, @offset, @reason, @detail, @row, {DeadLetterState.Open}, @now)
                {write.Dialect.KeepExisting("sequence")}
                """,
                ("@id", LedgerValues.Id(Guid.CreateVersion7())), ("@campaign", LedgerValues.Id(claim.CampaignId)), ("@sequence", claim.Sequence), ("@member", LedgerValues.Id(claim.MemberId)),
                ("@nth", claim.Nth), ("@hash", claim.KeyHash), ("@generation", claim.Generation), ("@accepted", claim.AcceptedAtMs), ("@partition", claim.LogPartition), ("@offset", claim.LogOffset),
                ("@reason", reason), ("@detail", detail), ("@row", hasRow ? 1 : 0), ("@now", write.NowMs));
            if (await command.ExecuteNonQueryAsync(write.CancellationToken) == 1) { added.Add(claim with { State = ClaimRowState.UnderReview, Reason = reason }); }
        }
        return added;
    }

    private static async Task<bool> IsKnownAsync(Write write, ClaimRow claim)
    {
        await using var command = LedgerValues.Command(
            write.Connection, write.Transaction, "SELECT 1 FROM dead_letter WHERE campaign_id = @campaign AND sequence = @sequence AND member_id = @member AND nth = @nth",
            ("@campaign", LedgerValues.Id(claim.CampaignId)), ("@sequence", claim.Sequence), ("@member", LedgerValues.Id(claim.MemberId)), ("@nth", claim.Nth));
        return await command.ExecuteScalarAsync(write.CancellationToken) is not null;
    }

    private static async Task<bool> AddRowAsync(Write write, ClaimRow claim, string reason)
    {
        await using var command = LedgerValues.Command(
            write.Connection, write.Transaction,
            $"""
            INSERT INTO claim ({ClaimRow.Columns})
            VALUES (@campaign, @sequence, @member, @nth, @hash, @generation, {ClaimRowState.UnderReview}, @accepted, @now, @code, @reason, @partition, @offset){write.Dialect.KeepExisting("sequence")}
            """,
            ("@campaign", LedgerValues.Id(claim.CampaignId)), ("@sequence", claim.Sequence), ("@member", LedgerValues.Id(claim.MemberId)), ("@nth", claim.Nth), ("@hash", claim.KeyHash),
            ("@generation", claim.Generation), ("@accepted", claim.AcceptedAtMs), ("@now", write.NowMs), ("@code", claim.Code), ("@reason", reason), ("@partition", claim.LogPartition),
            ("@offset", claim.LogOffset));
        return await command.ExecuteNonQueryAsync(write.CancellationToken) == 1;
    }
}
