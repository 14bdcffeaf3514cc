namespace FirstCome.CouponService.Internal;

/// <summary>What other services read of campaigns.</summary>
internal static class InternalCampaignEndpoints
{
    /// <summary>Below the group <c>/internal</c>.</summary>
    public static void MapInternalCampaigns(this RouteGroupBuilder between)
    {
        ReadCampaigns.Map(between);
        StreamAudience.Map(between);
    }
}
