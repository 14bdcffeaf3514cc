using System.Data.Common;
using Dapper;
using FirstCome.Contracts.Campaigns;

namespace FirstCome.CouponService.Campaigns.Changes;

/// <summary>A row of <c>campaign_change</c>: a change that was decided, but that the gate may not know yet.</summary>
/// <param name="After">The whole campaign as it will be, with its new version.</param>
/// <param name="Attempt">Counts orders sent to the gate for it; who raised it last may settle it.</param>
/// <param name="LeasedUntil">Until then an order may be under way.</param>
internal sealed record PendingChange(Campaign After, CampaignAction Action, Guid Actor, DateTimeOffset OrderedAt, int Attempt, DateTimeOffset LeasedUntil)
{
    private const string Select = "SELECT document, action, actor_id AS actor, ordered_at AS orderedAt, attempt, leased_until AS leasedUntil FROM campaign_change";

    public static async Task<PendingChange?> FindAsync(DbConnection connection, DbTransaction? transaction, Guid campaignId, CancellationToken cancellationToken) =>
        (await connection.QueryFirstOrDefaultAsync<Row>(new CommandDefinition(
            $"{Select} WHERE campaign_id = @id", new { id = CampaignRow.Id(campaignId) }, transaction, cancellationToken: cancellationToken)))?.ToChange();

    /// <summary>The ones whose time has come and which nobody is at, oldest first.</summary>
    public static async Task<IReadOnlyList<PendingChange>> DueAsync(DbConnection connection, DateTimeOffset now, int max, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<Row>(new CommandDefinition(
            $"{Select} WHERE due_at <= @now AND leased_until <= @now ORDER BY due_at LIMIT @max", new { now = now.ToUnixTimeMilliseconds(), max }, cancellationToken: cancellationToken)))
            .Select(row => row.ToChange())];

    /// <summary>How many there are that no order under way will settle.</summary>
    public static async Task<int> CountWaitingAsync(DbConnection connection, DateTimeOffset now, CancellationToken cancellationToken) =>
        (int)await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM campaign_change WHERE attempt > 1 OR leased_until <= @now", new { now = now.ToUnixTimeMilliseconds() }, cancellationToken: cancellationToken));

    public Task InsertAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken) => connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO campaign_change (campaign_id, version, action, actor_id, ordered_at, audience_list_version, document, attempt, leased_until, due_at)
        VALUES (@id, @version, @action, @actor, @orderedAt, @list, @document, @attempt, @leasedUntil, @leasedUntil)
        """,
        new
        {
            id = CampaignRow.Id(After.Id),
            version = After.Version,
            action = Action.ToString(),
            actor = CampaignRow.Id(Actor),
            orderedAt = OrderedAt.ToUnixTimeMilliseconds(),
            list = After.AudienceListVersion,
            document = CampaignRow.Write(After),
            attempt = Attempt,
            leasedUntil = LeasedUntil.ToUnixTimeMilliseconds(),
        },
        transaction, cancellationToken: cancellationToken));

    /// <summary>Takes the change for one more order to the gate; null where somebody else was faster, or it is settled.</summary>
    public async Task<PendingChange?> TryLeaseAsync(DbConnection connection, DbTransaction transaction, DateTimeOffset now, TimeSpan lease, CancellationToken cancellationToken)
    {
        var taken = this with { Attempt = Attempt + 1, LeasedUntil = now + lease };
        var updated = await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE campaign_change SET attempt = attempt + 1, leased_until = @until, due_at = @until
            WHERE campaign_id = @id AND version = @version AND attempt = @attempt AND leased_until <= @now
            """,
            new { until = taken.LeasedUntil.ToUnixTimeMilliseconds(), id = CampaignRow.Id(After.Id), version = After.Version, attempt = Attempt, now = now.ToUnixTimeMilliseconds() },
            transaction, cancellationToken: cancellationToken));
        return updated == 1 ? taken : null;
    }

    /// <summary>Lets go of the lease: the order failed, and is tried again at <paramref name="dueAt"/>. Does nothing where somebody else has taken it since.</summary>
    public Task PostponeAsync(DbConnection connection, DbTransaction transaction, DateTimeOffset now, DateTimeOffset dueAt, CancellationToken cancellationToken) => connection.ExecuteAsync(new CommandDefinition(
        "UPDATE campaign_change SET leased_until = @now, due_at = @dueAt WHERE campaign_id = @id AND version = @version AND attempt = @attempt",
        new { now = now.ToUnixTimeMilliseconds(), dueAt = dueAt.ToUnixTimeMilliseconds(), id = CampaignRow.Id(After.Id), version = After.Version, attempt = Attempt },
        transaction, cancellationToken: cancellationToken));

    public Task DeleteAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken) => connection.ExecuteAsync(new CommandDefinition(
        "DELETE FROM campaign_change WHERE campaign_id = @id AND version = @version", new { id = CampaignRow.Id(After.Id), version = After.Version }, transaction, cancellationToken: cancellationToken));

    private sealed class Row
    {
        public string Document { get; init; } = "";
        public string Action { get; init; } = "";
        public byte[] Actor { get; init; } = [];
        public long OrderedAt { get; init; }
        public long Attempt { get; init; }
        public long LeasedUntil { get; init; }

        public PendingChange ToChange() => new(
            CampaignRow.Read(Document), Enum.Parse<CampaignAction>(Action), CampaignRow.Id(Actor), DateTimeOffset.FromUnixTimeMilliseconds(OrderedAt), (int)Attempt,
            DateTimeOffset.FromUnixTimeMilliseconds(LeasedUntil));
    }
}
