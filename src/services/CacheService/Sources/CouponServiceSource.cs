using System.Globalization;
using FirstCome.CacheService.Campaigns;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Sources;

/// <summary>The owner of campaigns.</summary>
internal sealed class CouponServiceSource(IHttpClientFactory clients, IOptions<CacheOptions> options, CouponServiceHealth health, ILogger<CouponServiceSource> logger)
    : ServiceSource(Service, clients, options, health, logger)
{
    public const string Service = "coupon-service";

    public Task<SourceAnswer<Campaign>> CampaignAsync(Guid id, CancellationToken cancellationToken) =>
        GetAsync(string.Create(CultureInfo.InvariantCulture, $"internal/campaigns/{id}"), MessageJson.Default.Campaign, cancellationToken);

    public Task<SourceAnswer<CampaignPage>> CampaignsAsync(CampaignQuery query, CancellationToken cancellationToken) =>
        GetAsync("internal/campaigns" + query.ToInternalQuery(), SourceJson.Default.CampaignPage, cancellationToken);
}
