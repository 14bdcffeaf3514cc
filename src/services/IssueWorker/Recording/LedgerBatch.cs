using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FirstCome.Contracts.Coupons;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.Ledger;

namespace FirstCome.IssueWorker.Recording;

/// <summary>What became of a batch.</summary>
/// <param name="Issued">The ledger's row of every record that is issued, new or there before.</param>
/// <param name="New">How many of them are new.</param>
/// <param name="Stale">Records of an older generation at or past the next one's cut: dropped, no 202 was sent for them.</param>
/// <param name="Reviewed">New dead letters, as claims, with the reason.</param>
internal sealed record BatchResult(IReadOnlyList<ClaimRow> Issued, long New, long Stale, long Malformed, IReadOnlyList<ClaimRow> Reviewed);

/// <summary>
/// One transaction of the ledger: rows that are there stay, the batch is read back by sequence, what does not agree becomes a dead letter, the limit's guard counts new rows,
/// and the worker's offsets move. All of it or nothing.
/// </summary>
internal sealed class LedgerBatch(Database ledger, TimeProvider time, ILogger<LedgerBatch> logger)
{
    // Of rows that are only named, not bound.
    private const int NumbersPerStatement = 500;

    /// <summary>Writes the batch; null where a claim is beyond the limit and <paramref name="patient"/> asks to wait for a raise before it becomes a dead letter.</summary>
    public Task<BatchResult?> WriteAsync(IReadOnlyList<ConsumedRecord> records, bool patient, CancellationToken cancellationToken)
    {
        var (claims, malformed) = Parse(records);
        return ledger.WriteAsync<BatchResult?>(async (connection, transaction, token) =>
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            var write = new Write(connection, transaction, ledger.Dialect, now, token);
            var (issued, reviewed) = (new List<ClaimRow>(claims.Count), new List<ClaimRow>());
            var (added, stale) = (0L, 0L);
            // In one order, so that two workers do not wait for each other's campaign.
            foreach (var ofCampaign in claims.GroupBy(claim => claim.CampaignId).OrderBy(ofCampaign => ofCampaign.Key))
            {
                var outcome = await CampaignAsync(write, ofCampaign.Key, [.. ofCampaign], patient);
                if (outcome is null) { return null; }
                issued.AddRange(outcome.Issued);
                reviewed.AddRange(outcome.Reviewed);
                (added, stale) = (added + outcome.New, stale + outcome.Stale);
            }
            foreach (var record in malformed) { await MalformedAsync(write, record.Record, record.Reason); }
            await OffsetsAsync(write, records);
            return new BatchResult(issued, added, stale, malformed.Count, reviewed);
        }, cancellationToken);
    }

    private static async Task<BatchResult?> CampaignAsync(Write write, Guid campaignId, IReadOnlyList<ClaimRow> claims, bool patient)
    {
        // For writing, though the rows come first: two workers that held it together could both not raise taken.
        var campaign = await LedgerCampaigns.FindAsync(write.Connection, write.Transaction, campaignId, write.Dialect.ForUpdate, write.CancellationToken);
        if (campaign is null)
        {
            var unknown = await DeadLetters.AddAsync(write, claims.Select(claim => (claim, "campaign-unknown", "The ledger knows no such campaign.")));
            return new BatchResult([], 0, 0, 0, unknown);
        }
        var fresh = await WithoutStaleAsync(write, campaign, claims);
        var held = campaign.Document.Group is { } group ? await GroupMembersAsync(write, group, fresh) : [];
        var grouped = campaign.Document.Group is not null;
        var firstOnly = campaign.Document.Audience.Any(condition => condition.Kind == Contracts.Campaigns.AudienceCondition.FirstInGroupKind);
        var refused = firstOnly ? fresh.Where(claim => held.TryGetValue(claim.MemberId, out var first) && first != (claim.CampaignId, claim.Sequence)).ToList() : [];
        var wanted = refused.Count == 0 ? fresh : [.. fresh.Except(refused)];

        var room = campaign.Limit - campaign.Taken;
        var known = wanted.Count > room ? await ReadBackAsync(write, campaignId, wanted) : null;
        // Numbers, not records: a claim that was published twice takes one place.
        var without = known is null ? [] : wanted.Select(claim => claim.Sequence).Where(sequence => !known.ContainsKey(sequence)).Distinct().Order().Skip((int)Math.Max(0, room)).ToHashSet();
        var beyond = without.Count == 0 ? [] : wanted.Where(claim => without.Contains(claim.Sequence)).ToList();
        if (beyond.Count > 0)
        {
            if (patient) { return null; }
            wanted = [.. wanted.Except(beyond)];
        }
        var added = await InsertAsync(write, wanted);
        await GuardAsync(write, campaignId, added);
        if (grouped) { await JoinGroupAsync(write, campaign.Document.Group!, wanted); }

        var rows = await ReadBackAsync(write, campaignId, wanted);
        var issued = new List<ClaimRow>(wanted.Count);
        var clashes = new List<(ClaimRow, string, string)>();
        foreach (var claim in wanted)
        {
            if (!rows.TryGetValue(claim.Sequence, out var row)) { clashes.Add((claim, "member-conflict", "The member holds this nth, or this key, under another number.")); }
            else if (!IsSame(row, claim)) { clashes.Add((claim, "sequence-conflict", $"The number belongs to member {row.MemberId}, nth {row.Nth}, of generation {row.Generation}.")); }
            else if (row.State == ClaimRowState.Issued) { issued.Add(row); }
        }
        var reviewed = clashes.Count == 0 && beyond.Count == 0 && refused.Count == 0
            ? []
            : await DeadLetters.AddAsync(write, [
                .. clashes, .. beyond.Select(claim => (claim, "beyond-limit", $"The ledger's limit is {campaign.Limit} and every place is taken.")),
                .. refused.Select(claim => (claim, "group-conflict", "The member holds a coupon of the group already."))]);
        return new BatchResult(issued, added, claims.Count - fresh.Count, 0, reviewed);
    }

    // The same claim: the record was published again, perhaps by a sweep of the same generation. A later generation keeps the number with its member and nth.
    private static bool IsSame(ClaimRow row, ClaimRow claim) => row.MemberId == claim.MemberId && row.Nth == claim.Nth;

    private static async Task<IReadOnlyList<ClaimRow>> WithoutStaleAsync(Write write, LedgerCampaign campaign, IReadOnlyList<ClaimRow> claims)
    {
        if (claims.All(claim => claim.Generation >= campaign.Generation)) { return claims; }
        var cuts = new SortedDictionary<int, Dictionary<int, long>>();
        await using (var command = LedgerValues.Command(
            write.Connection, write.Transaction, "SELECT generation, log_partition, log_offset FROM generation_cut WHERE campaign_id = @id", ("@id", LedgerValues.Id(campaign.Id))))
        {
            await using var rows = await command.ExecuteReaderAsync(write.CancellationToken);
            while (await rows.ReadAsync(write.CancellationToken))
            {
                if (!cuts.TryGetValue(rows.GetInt32(0), out var partitions)) { cuts.Add(rows.GetInt32(0), partitions = []); }
                partitions[rows.GetInt32(1)] = rows.GetInt64(2);
            }
        }
        return [.. claims.Where(claim => !Staleness.IsStale(claim.Generation, claim.LogPartition, claim.LogOffset, cuts))];
    }

    private static async Task<Dictionary<Guid, (Guid Campaign, long Sequence)>> GroupMembersAsync(Write write, string group, IReadOnlyList<ClaimRow> claims)
    {
        var held = new Dictionary<Guid, (Guid, long)>();
        foreach (var some in claims.Chunk(write.Dialect.RowsPerStatement))
        {
            await using var command = LedgerValues.Command(write.Connection, write.Transaction, "", ("@group", group));
            var names = new StringBuilder();
            for (var i = 0; i < some.Length; i++)
            {
                names.Append(i == 0 ? "" : ", ").Append("@m").Append(i);
                LedgerValues.Bind(command, $"@m{i}", LedgerValues.Id(some[i].MemberId));
            }
            command.CommandText = $"SELECT member_id, campaign_id, sequence FROM group_member WHERE group_name = @group AND member_id IN ({names})";
            await using var rows = await command.ExecuteReaderAsync(write.CancellationToken);
            while (await rows.ReadAsync(write.CancellationToken)) { held[LedgerValues.Id(rows, 0)] = (LedgerValues.Id(rows, 1), rows.GetInt64(2)); }
        }
        // Two claims of one member in one batch: the lower number is the first.
        foreach (var first in claims.OrderBy(claim => claim.Sequence)) { held.TryAdd(first.MemberId, (first.CampaignId, first.Sequence)); }
        return held;
    }

    private static async Task<long> InsertAsync(Write write, IReadOnlyList<ClaimRow> claims)
    {
        long added = 0;
        foreach (var some in claims.Chunk(write.Dialect.RowsPerStatement))
        {
            await using var command = LedgerValues.Command(write.Connection, write.Transaction, InsertSql(some.Length, write.Dialect));
            for (var i = 0; i < some.Length; i++) { BindRow(command, i, some[i], write.NowMs); }
            added += await command.ExecuteNonQueryAsync(write.CancellationToken);
        }
        return added;
    }

    private static string InsertSql(int rows, SqlDialect dialect)
    {
        var sql = new StringBuilder($"INSERT INTO claim ({ClaimRow.Columns}) VALUES ");
        for (var i = 0; i < rows; i++) { sql.Append(i == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"(@c{i}, @s{i}, @m{i}, @n{i}, @k{i}, @g{i}, {ClaimRowState.Issued}, @a{i}, @i{i}, @o{i}, NULL, @p{i}, @f{i})"); }
        return sql.Append(dialect.KeepExisting("sequence")).ToString();
    }

    private static void BindRow(DbCommand command, int i, ClaimRow claim, long nowMs)
    {
        LedgerValues.Bind(command, $"@c{i}", LedgerValues.Id(claim.CampaignId));
        LedgerValues.Bind(command, $"@s{i}", claim.Sequence);
        LedgerValues.Bind(command, $"@m{i}", LedgerValues.Id(claim.MemberId));
        LedgerValues.Bind(command, $"@n{i}", claim.Nth);
        LedgerValues.Bind(command, $"@k{i}", claim.KeyHash);
        LedgerValues.Bind(command, $"@g{i}", claim.Generation);
        LedgerValues.Bind(command, $"@a{i}", claim.AcceptedAtMs);
        LedgerValues.Bind(command, $"@i{i}", nowMs);
        LedgerValues.Bind(command, $"@o{i}", claim.Code);
        LedgerValues.Bind(command, $"@p{i}", claim.LogPartition);
        LedgerValues.Bind(command, $"@f{i}", claim.LogOffset);
    }

    // Never more than the limit: asserted by the ledger itself, whatever was read before.
    private static async Task GuardAsync(Write write, Guid campaignId, long added)
    {
        if (added == 0) { return; }
        await using var command = LedgerValues.Command(
            write.Connection, write.Transaction, "UPDATE campaign SET taken = taken + @added WHERE campaign_id = @id AND taken + @added <= quota + released", ("@id", LedgerValues.Id(campaignId)), ("@added", added));
        if (await command.ExecuteNonQueryAsync(write.CancellationToken) != 1) { throw new InvalidOperationException($"Campaign {campaignId}: {added} new rows would pass the limit; the batch is taken back and tried again."); }
    }

    private static async Task JoinGroupAsync(Write write, string group, IReadOnlyList<ClaimRow> claims)
    {
        foreach (var some in claims.Chunk(write.Dialect.RowsPerStatement))
        {
            await using var command = LedgerValues.Command(write.Connection, write.Transaction, "", ("@group", group), ("@campaign", LedgerValues.Id(some[0].CampaignId)));
            var rows = new StringBuilder();
            for (var i = 0; i < some.Length; i++)
            {
                rows.Append(i == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"(@group, @m{i}, @campaign, {some[i].Sequence})");
                LedgerValues.Bind(command, $"@m{i}", LedgerValues.Id(some[i].MemberId));
            }
            command.CommandText = $"INSERT INTO group_member (group_name, member_id, campaign_id, sequence) VALUES {rows}{write.Dialect.KeepExisting("sequence")}";
            await command.ExecuteNonQueryAsync(write.CancellationToken);
        }
    }

    private static async Task<Dictionary<long, ClaimRow>> ReadBackAsync(Write write, Guid campaignId, IReadOnlyList<ClaimRow> claims)
    {
        var found = new Dictionary<long, ClaimRow>(claims.Count);
        foreach (var some in claims.Chunk(NumbersPerStatement))
        {
            // Numbers, not parameters: they are longs of ours.
            var sql = $"SELECT {ClaimRow.Columns} FROM claim WHERE campaign_id = @id AND sequence IN ({string.Join(',', some.Select(claim => claim.Sequence))})";
            await using var command = LedgerValues.Command(write.Connection, write.Transaction, sql, ("@id", LedgerValues.Id(campaignId)));
            await using var rows = await command.ExecuteReaderAsync(write.CancellationToken);
            while (await rows.ReadAsync(write.CancellationToken))
            {
                var row = ClaimRow.Read(rows);
                found[row.Sequence] = row;
            }
        }
        return found;
    }

    private static async Task OffsetsAsync(Write write, IReadOnlyList<ConsumedRecord> records)
    {
        foreach (var partition in records.GroupBy(record => record.Position.Partition).OrderBy(partition => partition.Key))
        {
            // A worker that was paused past its session may come late with an older batch; offsets never go back.
            await using var command = LedgerValues.Command(
                write.Connection, write.Transaction, "UPDATE consumer_offset SET next_offset = @next WHERE topic = @topic AND log_partition = @partition AND next_offset < @next",
                ("@topic", Topics.CouponClaims.Name), ("@partition", partition.Key), ("@next", partition.Max(record => record.Position.Offset) + 1));
            if (await command.ExecuteNonQueryAsync(write.CancellationToken) == 0)
            {
                command.CommandText = $"INSERT INTO consumer_offset (topic, log_partition, next_offset) VALUES (@topic, @partition, @next){write.Dialect.KeepExisting("topic")}";
                await command.ExecuteNonQueryAsync(write.CancellationToken);
            }
        }
    }

    private async Task MalformedAsync(Write write, ConsumedRecord record, string reason)
    {
        WorkerLog.RecordMalformed(logger, record.Position.Partition, record.Position.Offset, reason);
        await using var command = LedgerValues.Command(
            write.Connection, write.Transaction,
            $"INSERT INTO malformed_record (log_partition, log_offset, value, reason, created_at) VALUES (@partition, @offset, @value, @reason, @now){write.Dialect.KeepExisting("log_offset")}",
            ("@partition", record.Position.Partition), ("@offset", record.Position.Offset), ("@value", record.Value.ToArray()), ("@reason", reason), ("@now", write.NowMs));
        await command.ExecuteNonQueryAsync(write.CancellationToken);
    }

    private static (List<ClaimRow> Claims, List<(ConsumedRecord Record, string Reason)> Malformed) Parse(IReadOnlyList<ConsumedRecord> records)
    {
        var claims = new List<ClaimRow>(records.Count);
        var malformed = new List<(ConsumedRecord, string)>();
        foreach (var record in records)
        {
            if (LogFence.Is(record)) { continue; }
            if (TryParse(record, out var reason) is { } claim) { claims.Add(claim); } else { malformed.Add((record, reason)); }
        }
        return (claims, malformed);
    }

    internal static ClaimRow? TryParse(ConsumedRecord record, out string reason)
    {
        reason = "";
        try
        {
            var message = JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.ClaimAccepted);
            if (message is null || message.CampaignId == Guid.Empty || message.MemberId == Guid.Empty || message.Nth is < 1 or > 100 || message.Sequence < 1 || message.Generation < 1
                || message.KeyHash is not { Length: 32 } || message.AcceptedAtMs <= 0)
            {
                reason = "a field is missing or out of range";
                return null;
            }
            // The code is made here, once: the row that is written first keeps it.
            return new ClaimRow(
                message.CampaignId, message.Sequence, message.MemberId, message.Nth, Convert.FromHexString(message.KeyHash), message.Generation, ClaimRowState.Issued, message.AcceptedAtMs, 0,
                CouponCode.Create(), null, record.Position.Partition, record.Position.Offset);
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            reason = "not a claim in JSON";
            return null;
        }
    }
}

/// <summary>What every statement of one transaction needs.</summary>
internal sealed record Write(DbConnection Connection, DbTransaction Transaction, SqlDialect Dialect, long NowMs, CancellationToken CancellationToken);

/// <summary>Whether a record was overtaken by a rebuild.</summary>
internal static class Staleness
{
    /// <summary>
    /// True for a record of an older generation that stands at or past the cut of the first later generation that has cuts. A rebuild that raised the generation and gave up
    /// before its cuts drops nothing.
    /// </summary>
    /// <param name="cuts">By generation, then by partition: the end of the partition when the generation was begun.</param>
    public static bool IsStale(int generation, int partition, long offset, SortedDictionary<int, Dictionary<int, long>> cuts)
    {
        foreach (var (later, partitions) in cuts)
        {
            if (later > generation) { return offset >= partitions.GetValueOrDefault(partition, 0); }
        }
        return false;
    }
}
