using System.Collections.Concurrent;
using System.Net;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.Engines.Redis;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Eligibility;
using FirstCome.IssueService.Gate;
using FirstCome.Ledger;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace FirstCome.IssueService.Campaigns;

/// <summary>
/// The campaigns at this instance: from the ledger at start, kept fresh by <c>campaign.changed</c>; one that is unknown, or known as a draft only, whose change may still be on its way, is asked for once, however
/// many ask, and who asks again within a second for one that does not exist, or is a draft, is told so from memory.
/// </summary>
internal sealed class CampaignDirectory(
    Database ledger, IConnectionMultiplexer redis, Replicas replicas, IEventLog log, IHttpClientFactory services, IOptions<ClaimOptions> options, ClaimMetrics metrics,
    TimeProvider time, ILogger<CampaignDirectory> logger, IHostApplicationLifetime lifetime) : IAsyncDisposable
{
    private const int UnknownMax = 10_000;
    private static readonly TimeSpan s_unknownFor = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, ActiveCampaign> _campaigns = new();
    private readonly ConcurrentDictionary<Guid, Lazy<Task<ActiveCampaign?>>> _asking = new();
    private readonly ConcurrentDictionary<Guid, long> _unknown = new();

    /// <summary>Told when a gate must be rebuilt; set once, by the recovery.</summary>
    public Action<Guid> GateLost { get; set; } = _ => { };

    public IEnumerable<ActiveCampaign> All => _campaigns.Values;

    /// <summary>The campaign in memory, or null: then ask <see cref="FindAsync"/>.</summary>
    public ActiveCampaign? Known(Guid id) => _campaigns.GetValueOrDefault(id);

    /// <summary>The campaign, asked for where it is not known, or known as a draft; null where there is none.</summary>
    /// <exception cref="HttpRequestException">It is not known here, and CouponService cannot be asked.</exception>
    public async ValueTask<ActiveCampaign?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        if (_campaigns.TryGetValue(id, out var known) && known.Snapshot.Phase != CampaignPhase.Draft) { return known; }
        if (_unknown.TryGetValue(id, out var since))
        {
            if (time.GetElapsedTime(since) < s_unknownFor) { return known; }
            _unknown.TryRemove(id, out _);
        }
        var asking = _asking.GetOrAdd(id, key => new Lazy<Task<ActiveCampaign?>>(() => AskAsync(key)));
        return await asking.Value.WaitAsync(cancellationToken);
    }

    /// <summary>Takes a campaign as its owner told it; a draft too, so that it is known as one.</summary>
    public ActiveCampaign Take(Campaign campaign)
    {
        _unknown.TryRemove(campaign.Id, out _);
        var active = _campaigns.GetOrAdd(campaign.Id, _ => Make(campaign));
        if (active.Snapshot.Group != campaign.Group || (active.Snapshot.Phase == CampaignPhase.Draft && campaign.Phase != CampaignPhase.Draft)) { active = Remake(active, campaign); }
        active.Take(campaign);
        return active;
    }

    /// <summary>The list that the snapshot names, loaded from CouponService once for each version.</summary>
    /// <exception cref="HttpRequestException">It cannot be loaded now.</exception>
    public async ValueTask<AudienceList?> ListAsync(ActiveCampaign campaign, CancellationToken cancellationToken)
    {
        var version = campaign.Snapshot.AudienceListVersion;
        if (version == 0) { return null; }
        if (campaign.List is { } loaded && loaded.Version >= version) { return loaded; }
        using var response = await services.CreateClient("coupon-service").GetAsync($"/internal/campaigns/{campaign.Id}/audience/members", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        if (response.Content.Headers.ContentLength > AudienceList.BytesMax) { throw new InvalidDataException("The list of members is larger than a list may be."); }
        await response.Content.LoadIntoBufferAsync(AudienceList.BytesMax, cancellationToken);
        var list = AudienceList.Read(version, await response.Content.ReadAsByteArrayAsync(cancellationToken));
        campaign.List = list;
        return list;
    }

    /// <summary>Loads every campaign that has a gate from the ledger.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var documents = await ledger.ReadAsync(async (connection, token) =>
        {
            var found = new List<string>();
            await using var command = LedgerValues.Command(connection, null, "SELECT document FROM campaign WHERE archived = 0");
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { found.Add(rows.GetString(0)); }
            return found;
        }, cancellationToken);
        foreach (var document in documents) { Take(LedgerCampaigns.Parse(document)); }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var campaign in _campaigns.Values) { await campaign.StopAsync(); }
        _campaigns.Clear();
    }

    private async Task<ActiveCampaign?> AskAsync(Guid id)
    {
        try
        {
            using var limit = new CancellationTokenSource(options.Value.ClaimTimeout, time);
            using var response = await services.CreateClient("coupon-service").GetAsync($"/internal/campaigns/{id}", limit.Token);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                RememberUnknown(id);
                return null;
            }
            response.EnsureSuccessStatusCode();
            if (await response.Content.ReadFromJsonAsync(MessageJson.Default.Campaign, limit.Token) is not { } campaign) { return null; }
            var taken = Take(campaign);
            if (taken.Snapshot.Phase == CampaignPhase.Draft) { RememberUnknown(id); }
            return taken;
        }
        finally { _asking.TryRemove(id, out _); }
    }

    private void RememberUnknown(Guid id)
    {
        if (_unknown.Count >= UnknownMax) { _unknown.Clear(); }
        _unknown[id] = time.GetTimestamp();
    }

    private ActiveCampaign Make(Campaign campaign) => new(
        campaign, new CampaignGate(redis.GetDatabase(), campaign, replicas), log, options.Value, metrics, time, logger, id => GateLost(id), lifetime.ApplicationStopped);

    // A draft's group and audience may still change, and with them its keys; it has no claims yet.
    private ActiveCampaign Remake(ActiveCampaign draft, Campaign campaign)
    {
        var made = Make(campaign);
        if (!_campaigns.TryUpdate(campaign.Id, made, draft)) { _ = made.StopAsync(); return _campaigns[campaign.Id]; }
        _ = draft.StopAsync();
        return made;
    }
}
