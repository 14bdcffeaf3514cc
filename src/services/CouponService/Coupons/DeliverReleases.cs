using System.Net;
using Dapper;
using FirstCome.Contracts.Internal;
using FirstCome.CouponService.Sweeps;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Coupons;

/// <summary>A row of <c>release_outbox</c>.</summary>
internal sealed class PendingRelease
{
    public long CouponId { get; init; }
    public byte[] CampaignId { get; init; } = [];
    public long Sequence { get; init; }
    public int Attempts { get; init; }
}

/// <summary>
/// Tells IssueService of places given back, again and again until it has answered 204; it counts each once by its sequence, so that telling twice does no harm.
/// What fails waits longer each time, up to five minutes; an IssueService that is away ends the turn.
/// </summary>
internal sealed class DeliverReleases(
    Database database, IHttpClientFactory clients, IOptions<CouponOptions> options, TimeProvider time, ILogger<DeliverReleases> logger)
    : Sweep("coupon-releases", options.Value.SweepInterval, time, logger)
{
    public const string Service = "issue-service", Client = "coupon-releases";

    /// <summary>How long after the cancellation the sweep takes over.</summary>
    public static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_nowMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_delayMin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_delayMax = TimeSpan.FromMinutes(5);
    private readonly TimeProvider _time = time;
    private volatile string? _failure;

    public override HealthState Current =>
        _failure is { } failure ? new HealthState(Severity.Degraded, $"places of cancelled coupons wait to be given back: {failure}") : base.Current;

    /// <summary>Delivers a release right after its cancellation; waits 2 s at most. Where that fails the sweep goes on.</summary>
    public async Task DeliverNowAsync(PendingRelease release)
    {
        using var limit = new CancellationTokenSource(s_nowMax, _time);
        try
        {
            if (await DeliverAsync(release, limit.Token) is { } failure) { CouponsLog.ReleaseNotDelivered(logger, Id(release), release.Sequence, 1, failure); }
        }
        // The cancellation is committed: whatever goes wrong here is the sweep's to repeat, and no reason to tell the operator that it failed.
        catch (Exception exception) { CouponsLog.ReleaseNotDelivered(logger, Id(release), release.Sequence, 1, exception.Message); }
    }

    protected override async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        var parameters = new { now = _time.GetUtcNow().ToUnixTimeMilliseconds(), max = options.Value.SweepBatchMax };
        var due = await database.ReadAsync(
            async (connection, token) => (await connection.QueryAsync<PendingRelease>(new CommandDefinition(
                """
                SELECT coupon_id AS CouponId, campaign_id AS CampaignId, sequence AS Sequence, attempts AS Attempts
                FROM release_outbox WHERE due_at <= @now ORDER BY due_at LIMIT @max
                """,
                parameters, cancellationToken: token))).AsList(),
            cancellationToken);
        string? failed = null;
        foreach (var release in due)
        {
            var (failure, away) = await TryDeliverAsync(release, cancellationToken);
            if (failure is null) { continue; }
            failed = failure;
            CouponsLog.ReleaseNotDelivered(logger, Id(release), release.Sequence, release.Attempts + 1, failure);
            await PostponeAsync(release, cancellationToken);
            if (away) { break; }
        }
        if (due.Count > 0) { _failure = failed; }
        return failed is null && due.Count == options.Value.SweepBatchMax;
    }

    private async Task<(string? Failure, bool Away)> TryDeliverAsync(PendingRelease release, CancellationToken cancellationToken)
    {
        try { return (await DeliverAsync(release, cancellationToken), false); }
        catch (HttpRequestException exception) { return (exception.Message, true); }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested) { return ("no answer in time", true); }
    }

    // Null where it is delivered and written down; otherwise what IssueService answered.
    private async Task<string?> DeliverAsync(PendingRelease release, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Client);
        using var response = await client.PostAsJsonAsync(
            new Uri($"internal/campaigns/{Id(release)}/releases", UriKind.Relative), new ReleaseOrder(release.Sequence), ApiJson.Options, cancellationToken);
        if (response.StatusCode != HttpStatusCode.NoContent) { return $"issue-service answered {(int)response.StatusCode}"; }
        var parameters = new { id = release.CouponId, now = _time.GetUtcNow().ToUnixTimeMilliseconds() };
        await database.WriteAsync(
            async (connection, transaction, token) =>
            {
                await connection.ExecuteAsync(new CommandDefinition(
                    "DELETE FROM release_outbox WHERE coupon_id = @id", parameters, transaction, cancellationToken: token));
                await connection.ExecuteAsync(new CommandDefinition(
                    "UPDATE coupon_cancellation SET released_at = @now WHERE coupon_id = @id AND released_at IS NULL",
                    parameters, transaction, cancellationToken: token));
            },
            cancellationToken);
        return null;
    }

    private Task<int> PostponeAsync(PendingRelease release, CancellationToken cancellationToken)
    {
        var delay = s_delayMin * Math.Pow(2, Math.Min(release.Attempts, 10));
        var parameters = new { id = release.CouponId, dueAt = (_time.GetUtcNow() + (delay < s_delayMax ? delay : s_delayMax)).ToUnixTimeMilliseconds() };
        return database.WriteAsync(
            (connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(
                "UPDATE release_outbox SET attempts = attempts + 1, due_at = @dueAt WHERE coupon_id = @id", parameters, transaction, cancellationToken: token)),
            cancellationToken);
    }

    private static Guid Id(PendingRelease release) => new(release.CampaignId, bigEndian: true);
}
