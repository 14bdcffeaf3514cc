using System.Data.Common;
using System.Globalization;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.Engines.Redis;
using FirstCome.IssueService.Gate;
using FirstCome.Ledger;
using StackExchange.Redis;

namespace FirstCome.IssueService.Recovery;

/// <summary>How a rebuild ended.</summary>
internal enum RebuildOutcome
{
    Opened,
    /// <summary>A later rebuild has taken over, or the campaign has no gate any more.</summary>
    GaveUp,
    /// <summary>The clocks of gate and database differ by more than two seconds: the gate stays closed, with an alarm.</summary>
    ClockOff,
    /// <summary>The server's memory policy would throw winners away: the gate stays closed, with an alarm.</summary>
    Evicts,
    /// <summary>Too few replicas have the closed gate: the server may be a master that was cut off, and cuts nothing.</summary>
    Unconfirmed,
}

/// <summary>
/// Rebuilds a campaign's gate from log and ledger, as ARCHITECTURE.md says ("Generations and rebuild"); each numbered comment is a step of it. Any number of these may run at once, on any instance,
/// and stop anywhere: the generation, raised by compare-and-set in the ledger, is the only lock.
/// </summary>
internal sealed class RebuildGate(Database ledger, IConnectionMultiplexer redis, Replicas replicas, IEventLog log, TimeProvider time, ILogger<RebuildGate> logger)
{
    private const int LoadBatch = 2_000;
    private static readonly TimeSpan s_clockOffMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);

    public async Task<RebuildOutcome> RunAsync(Guid campaignId, CancellationToken cancellationToken)
    {
        // (1) The generation, raised over the one that was read.
        var campaign = await RaiseGenerationAsync(campaignId, cancellationToken);
        if (campaign is null) { return RebuildOutcome.GaveUp; }
        var (document, generation) = (campaign.Document, campaign.Generation);
        var keys = new GateKeys(document);
        var database = redis.GetDatabase();
        var old = await database.HashGetAsync(keys.Control, ["g", "b"]);

        // (2) The gate is closed, over nothing but an older generation.
        var closed = ((string)(await database.ScriptEvaluateAsync(RebuildScripts.Close, [keys.Control, keys.Group], [generation, document.Group is null ? 0 : 1]))!).Split('|');
        if (closed[0] == "evicts")
        {
            RecoveryLog.ServerEvicts(logger, campaignId, closed[1]);
            return RebuildOutcome.Evicts;
        }
        if (closed[0] != "own") { return RebuildOutcome.GaveUp; }
        var (runId, gateMs, groupLoaded) = (closed[1], long.Parse(closed[2], CultureInfo.InvariantCulture), closed[3] == "1");
        if (await ClockIsOffAsync(campaignId, gateMs, cancellationToken)) { return RebuildOutcome.ClockOff; }

        // A master that was cut off closes a gate that nobody asks any more. Cuts of its rebuild would take the claims from the gate that is open on the one promoted in its place.
        if (!await replicas.HaveAsync(keys.Control, server => server.HashSetAsync(keys.Control, "beat", 1)))
        {
            RecoveryLog.ReplicasAway(logger, campaignId);
            return RebuildOutcome.Unconfirmed;
        }

        // (3) The cuts: records of older generations at or past them were never promised.
        var cuts = await log.FenceAsync(Topics.CouponClaims, cancellationToken);
        if (!await StoreCutsAsync(campaignId, generation, cuts, cancellationToken)) { return RebuildOutcome.GaveUp; }

        // (4) The ledger has everything before the cuts.
        await ConsumedAsync(cuts, cancellationToken);

        // (5) The winners, into keys named by the generation; what is missing becomes void.
        var highest = await VoidMissingAsync(campaignId, generation, cancellationToken);
        if (highest is null) { return RebuildOutcome.GaveUp; }
        var current = await ledger.ReadAsync((connection, token) => LedgerCampaigns.FindAsync(connection, null, campaignId, "", token), cancellationToken);
        if (current is null || current.Generation != generation) { return RebuildOutcome.GaveUp; }
        var layout = new GateLayout(generation, GateKeys.BucketsFor(current.Limit), GateKeys.FilterBitsFor(current.Limit), runId);
        var (winners, lastAcceptedMs) = await LoadAsync(database, keys, current, layout, groupLoaded, cancellationToken);

        // (6) The gate opens only while this very rebuild stands on this very process.
        RedisValue[] arguments =
        [
            generation, runId, document.Group is null ? 0 : 1,
            "v", current.Version, "p", CampaignGate.Phase(current.Document), "o", current.Document.OpensAt.ToUnixTimeMilliseconds(), "c", current.Document.ClosesAt.ToUnixTimeMilliseconds(),
            "q", current.Quota, "rel", current.Released, "pm", current.Document.PerMember,
            "fg", current.Document.Audience.Any(condition => condition.Kind == AudienceCondition.FirstInGroupKind) ? 1 : 0,
            "n", highest.Value, "w", winners, "at", lastAcceptedMs, "hold", 0, "b", layout.Buckets, "fb", layout.FilterBits,
        ];
        var opened = (string)(await database.ScriptEvaluateAsync(RebuildScripts.Open, [keys.Control, keys.Group], arguments))! == "opened";
        if (!opened) { return RebuildOutcome.GaveUp; }
        RecoveryLog.GateOpened(logger, campaignId, generation, winners, highest.Value);
        if (old[0].HasValue && old[1].HasValue) { await RemoveGenerationAsync(database, keys, (int)old[0], (int)old[1]); }
        return RebuildOutcome.Opened;
    }

    /// <summary>Removes what a generation's keys hold, in bounded steps.</summary>
    internal static async Task RemoveGenerationAsync(IDatabase database, GateKeys keys, int generation, int buckets)
    {
        await database.KeyDeleteAsync([keys.Unlogged(generation), keys.Filter(generation)]);
        foreach (var some in Enumerable.Range(0, buckets).Chunk(500)) { await database.KeyDeleteAsync([.. some.Select(bucket => keys.Winners(generation, bucket))]); }
    }

    private Task<LedgerCampaign?> RaiseGenerationAsync(Guid id, CancellationToken cancellationToken) => ledger.WriteAsync(async (connection, transaction, token) =>
    {
        var campaign = await LedgerCampaigns.FindAsync(connection, transaction, id, ledger.Dialect.ForUpdate, token);
        if (campaign is null || campaign.Archived) { return null; }
        await using var command = LedgerValues.Command(
            connection, transaction, "UPDATE campaign SET generation = @next WHERE campaign_id = @id AND generation = @read",
            ("@id", LedgerValues.Id(id)), ("@read", campaign.Generation), ("@next", campaign.Generation + 1));
        return await command.ExecuteNonQueryAsync(token) == 1 ? campaign with { Generation = campaign.Generation + 1 } : null;
    }, cancellationToken);

    private async Task<bool> ClockIsOffAsync(Guid id, long gateMs, CancellationToken cancellationToken)
    {
        var databaseMs = await ledger.ReadAsync(async (connection, token) =>
        {
            await using var command = LedgerValues.Command(connection, null, $"SELECT {ledger.Dialect.NowMs}");
            return Convert.ToInt64(await command.ExecuteScalarAsync(token), CultureInfo.InvariantCulture);
        }, cancellationToken);
        var off = TimeSpan.FromMilliseconds(Math.Abs(gateMs - databaseMs));
        if (off <= s_clockOffMax) { return false; }
        RecoveryLog.ClockOff(logger, id, off);
        return true;
    }

    private Task<bool> StoreCutsAsync(Guid id, int generation, IReadOnlyList<long> cuts, CancellationToken cancellationToken) => ledger.WriteAsync(async (connection, transaction, token) =>
    {
        if (!await IsMineAsync(connection, transaction, id, generation, token)) { return false; }
        for (var partition = 0; partition < cuts.Count; partition++)
        {
            await using var command = LedgerValues.Command(
                connection, transaction, "INSERT INTO generation_cut (campaign_id, generation, log_partition, log_offset) VALUES (@id, @generation, @partition, @offset)",
                ("@id", LedgerValues.Id(id)), ("@generation", generation), ("@partition", partition), ("@offset", cuts[partition]));
            await command.ExecuteNonQueryAsync(token);
        }
        return true;
    }, cancellationToken);

    private async Task<bool> IsMineAsync(DbConnection connection, DbTransaction transaction, Guid id, int generation, CancellationToken cancellationToken) =>
        (await LedgerCampaigns.FindAsync(connection, transaction, id, ledger.Dialect.ForUpdate, cancellationToken))?.Generation == generation;

    private async Task ConsumedAsync(IReadOnlyList<long> cuts, CancellationToken cancellationToken)
    {
        while (true)
        {
            var behind = await ledger.ReadAsync(async (connection, token) =>
            {
                var next = new long[cuts.Count];
                await using var command = LedgerValues.Command(connection, null, "SELECT log_partition, next_offset FROM consumer_offset WHERE topic = @topic", ("@topic", Topics.CouponClaims.Name));
                await using var rows = await command.ExecuteReaderAsync(token);
                while (await rows.ReadAsync(token)) { if (rows.GetInt32(0) < next.Length) { next[rows.GetInt32(0)] = rows.GetInt64(1); } }
                return cuts.Where((cut, partition) => next[partition] < cut).Any();
            }, cancellationToken);
            if (!behind) { return; }
            await Task.Delay(s_look, time, cancellationToken);
        }
    }

    /// <summary>Writes every missing number as void and answers the highest; null where the generation is not this rebuild's any more.</summary>
    private Task<long?> VoidMissingAsync(Guid id, int generation, CancellationToken cancellationToken) => ledger.WriteAsync<long?>(async (connection, transaction, token) =>
    {
        if (!await IsMineAsync(connection, transaction, id, generation, token)) { return null; }
        // Few of these; the claims come in the order of their key, so that a million need not be sorted.
        var others = new SortedSet<long>();
        await using (var command = LedgerValues.LongCommand(
            connection, transaction,
            """
            SELECT sequence FROM void_sequence WHERE campaign_id = @id
            UNION ALL SELECT sequence FROM dead_letter WHERE campaign_id = @id AND has_row = 0
            """, ("@id", LedgerValues.Id(id))))
        {
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { others.Add(rows.GetInt64(0)); }
        }
        var missing = new List<long>();
        long last = 0;
        await using (var command = LedgerValues.LongCommand(connection, transaction, "SELECT sequence FROM claim WHERE campaign_id = @id ORDER BY sequence", ("@id", LedgerValues.Id(id))))
        {
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { Reach(rows.GetInt64(0)); }
        }
        if (others.Count > 0 && others.Max > last) { Reach(others.Max); }
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var number in missing)
        {
            await using var command = LedgerValues.Command(
                connection, transaction, "INSERT INTO void_sequence (campaign_id, sequence, generation, reason, created_at) VALUES (@id, @sequence, @generation, @reason, @now)",
                ("@id", LedgerValues.Id(id)), ("@sequence", number), ("@generation", generation), ("@reason", "reserved in a lost gate and never promised"), ("@now", now));
            await command.ExecuteNonQueryAsync(token);
        }
        if (missing.Count > 0) { RecoveryLog.NumbersVoided(logger, id, generation, missing.Count); }
        return last;

        void Reach(long sequence)
        {
            for (var number = last + 1; number < sequence; number++) { if (!others.Contains(number)) { missing.Add(number); } }
            last = sequence;
        }
    }, cancellationToken);

    private async Task<(long Winners, long LastAcceptedMs)> LoadAsync(
        IDatabase database, GateKeys keys, LedgerCampaign campaign, GateLayout layout, bool groupLoaded, CancellationToken cancellationToken)
    {
        await RemoveGenerationAsync(database, keys, layout.Generation, layout.Buckets);
        var loader = new GateLoader(database, keys, layout, campaign.Document.Group is not null);
        await ledger.ReadAsync(async (connection, token) =>
        {
            // A member's rows must follow each other; where nobody has two, a million need not be sorted for it.
            await using var second = LedgerValues.LongCommand(
                connection, null,
                "SELECT EXISTS (SELECT 1 FROM claim WHERE campaign_id = @id AND nth > 1) OR EXISTS (SELECT 1 FROM dead_letter WHERE campaign_id = @id AND has_row = 0)", ("@id", LedgerValues.Id(campaign.Id)));
            var sorted = Convert.ToInt64(await second.ExecuteScalarAsync(token), CultureInfo.InvariantCulture) != 0;
            // Everything that holds a number keeps its place: issued, under review, rejected.
            await using var command = LedgerValues.LongCommand(
                connection, null,
                $"""
                SELECT member_id, nth, sequence, accepted_at, key_hash FROM claim WHERE campaign_id = @id
                UNION ALL SELECT member_id, nth, sequence, accepted_at, key_hash FROM dead_letter WHERE campaign_id = @id AND has_row = 0 AND state <> 2
                {(sorted ? "ORDER BY 1, 2" : "")}
                """, ("@id", LedgerValues.Id(campaign.Id)));
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token))
            {
                await loader.AddAsync(rows.GetFieldValue<byte[]>(0), rows.GetInt64(2), rows.GetInt64(3), rows.GetFieldValue<byte[]>(4));
            }
            return true;
        }, cancellationToken);
        await loader.EndAsync();
        if (campaign.Document.Group is { } group && !groupLoaded) { await LoadGroupAsync(database, keys, layout, group, cancellationToken); }
        return (loader.Winners, loader.LastAcceptedMs);
    }

    private Task<bool> LoadGroupAsync(IDatabase database, GateKeys keys, GateLayout layout, string group, CancellationToken cancellationToken) => ledger.ReadAsync(async (connection, token) =>
    {
        var writes = new List<Task>(LoadBatch);
        await using var command = LedgerValues.LongCommand(connection, null, "SELECT member_id FROM group_member WHERE group_name = @group", ("@group", group));
        await using var rows = await command.ExecuteReaderAsync(token);
        while (await rows.ReadAsync(token))
        {
            var member = rows.GetFieldValue<byte[]>(0);
            writes.Add(database.HashSetAsync(keys.GroupMembers(layout.RunId, GateKeys.Bucket(member, GateKeys.GroupBuckets)), member, 1));
            if (writes.Count >= LoadBatch) { await Task.WhenAll(writes); writes.Clear(); }
        }
        await Task.WhenAll(writes);
        return true;
    }, cancellationToken);
}

internal static partial class RecoveryLog
{
    [LoggerMessage(EventId = 1201, Level = LogLevel.Information, Message = "Campaign {CampaignId}: gate opened in generation {Generation} with {Winners} winners, highest number {Highest}.")]
    public static partial void GateOpened(ILogger logger, Guid campaignId, int generation, long winners, long highest);

    [LoggerMessage(EventId = 1202, Level = LogLevel.Critical, Message = "Campaign {CampaignId}: the clocks of Redis and the database differ by {Off}; the gate stays closed. Set the clocks right.")]
    public static partial void ClockOff(ILogger logger, Guid campaignId, TimeSpan off);

    [LoggerMessage(EventId = 1203, Level = LogLevel.Warning, Message = "Campaign {CampaignId}: generation {Generation} found {Count} numbers missing; they are void and are not given again.")]
    public static partial void NumbersVoided(ILogger logger, Guid campaignId, int generation, int count);

    [LoggerMessage(EventId = 1205, Level = LogLevel.Critical, Message = "Campaign {CampaignId}: Redis would evict winners (maxmemory-policy {Policy}); the gate stays closed. Set maxmemory-policy to noeviction.")]
    public static partial void ServerEvicts(ILogger logger, Guid campaignId, string policy);

    [LoggerMessage(EventId = 1206, Level = LogLevel.Critical, Message = "Campaign {CampaignId}: too few replicas follow this Redis (Redis:Replicas); its gate stays closed. If another master was promoted, end this one; else bring the replicas back.")]
    public static partial void ReplicasAway(ILogger logger, Guid campaignId);

    [LoggerMessage(EventId = 1204, Level = LogLevel.Error, Message = "Campaign {CampaignId}: the rebuild of its gate failed; it is tried again.")]
    public static partial void RebuildFailed(ILogger logger, Guid campaignId, Exception exception);
}
