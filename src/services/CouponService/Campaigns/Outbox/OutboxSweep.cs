using FirstCome.CouponService.Sweeps;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Campaigns.Outbox;

/// <summary>Publishes the changed campaigns that could not be published at once.</summary>
internal sealed class OutboxSweep(CampaignOutbox outbox, IOptions<CampaignOptions> options, TimeProvider time, ILogger<OutboxSweep> logger)
    : Sweep("campaign-outbox", options.Value.SweepInterval, time, logger)
{
    protected override Task<bool> PassAsync(CancellationToken cancellationToken) => outbox.PublishDueAsync(cancellationToken);
}
