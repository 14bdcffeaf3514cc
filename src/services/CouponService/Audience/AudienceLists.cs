using System.Buffers.Binary;
using System.Data.Common;
using Dapper;
using FirstCome.CouponService.Campaigns;
using FirstCome.Engines.Database;

namespace FirstCome.CouponService.Audience;

/// <summary>
/// Lists of members as the database keeps them: ascending ids, 4,000 in a row of <c>audience_chunk</c>. A list is written under a version of its own and never changed;
/// it counts once a campaign names it.
/// </summary>
internal sealed class AudienceLists(Database database, TimeProvider time)
{
    public const int Writing = 1, Complete = 2, Removed = 3;
    public const int IdBytes = 16;
    private const int ChunkIds = 4_000, ChunksInTransaction = 16;

    /// <summary>Writes a list.</summary>
    /// <param name="members">Ascending, each once.</param>
    /// <returns>Its version.</returns>
    public async Task<int> WriteAsync(Guid campaignId, IReadOnlyList<UInt128> members, CancellationToken cancellationToken)
    {
        var id = CampaignRow.Id(campaignId);
        var version = await database.WriteAsync((connection, transaction, token) => ReserveAsync(connection, transaction, id, members.Count, token), cancellationToken);
        var chunks = (members.Count + ChunkIds - 1) / ChunkIds;
        for (var first = 0; first < chunks; first += ChunksInTransaction)
        {
            var rows = Enumerable.Range(first, Math.Min(ChunksInTransaction, chunks - first)).Select(chunk => new { id, version, chunk, members = Pack(members, chunk * ChunkIds) }).ToList();
            await database.WriteAsync(
                async (connection, transaction, token) => await connection.ExecuteAsync(new CommandDefinition(
                    "INSERT INTO audience_chunk (campaign_id, version, chunk, members) VALUES (@id, @version, @chunk, @members)", rows, transaction, cancellationToken: token)),
                cancellationToken);
        }
        await database.WriteAsync(
            async (connection, transaction, token) => await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE audience_list SET state = @state WHERE campaign_id = @id AND version = @version", new { state = Complete, id, version }, transaction, cancellationToken: token)),
            cancellationToken);
        return version;
    }

    /// <summary>A chunk's ids, packed; null after the last one.</summary>
    public static Task<byte[]?> ReadChunkAsync(DbConnection connection, Guid campaignId, int version, int chunk, CancellationToken cancellationToken) =>
        connection.QueryFirstOrDefaultAsync<byte[]>(new CommandDefinition(
            "SELECT members FROM audience_chunk WHERE campaign_id = @id AND version = @version AND chunk = @chunk",
            new { id = CampaignRow.Id(campaignId), version, chunk }, cancellationToken: cancellationToken));

    private async Task<int> ReserveAsync(DbConnection connection, DbTransaction transaction, byte[] id, int members, CancellationToken cancellationToken)
    {
        // The campaign's row is the lock: where there is no list yet, none of its rows can be.
        await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"SELECT version FROM campaign WHERE id = @id{database.Dialect.ForUpdate}", new { id }, transaction, cancellationToken: cancellationToken));
        // Rows of lists stay when their chunks are removed: no version comes twice.
        var version = (int)await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COALESCE(MAX(version), 0) + 1 FROM audience_list WHERE campaign_id = @id", new { id }, transaction, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO audience_list (campaign_id, version, members, state, unused_since) VALUES (@id, @version, @members, @state, @now)",
            new { id, version, members, state = Writing, now = time.GetUtcNow().ToUnixTimeMilliseconds() }, transaction, cancellationToken: cancellationToken));
        return version;
    }

    private static byte[] Pack(IReadOnlyList<UInt128> members, int first)
    {
        var packed = new byte[Math.Min(ChunkIds, members.Count - first) * IdBytes];
        for (var i = 0; i < packed.Length; i += IdBytes) { BinaryPrimitives.WriteUInt128BigEndian(packed.AsSpan(i), members[first + (i / IdBytes)]); }
        return packed;
    }
}
