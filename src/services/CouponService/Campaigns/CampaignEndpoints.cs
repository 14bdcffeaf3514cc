using FirstCome.Authentication;
using FirstCome.CouponService.Campaigns.Changes;
using FirstCome.CouponService.Campaigns.Outbox;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns;

/// <summary>What campaigns need, and where they are found.</summary>
internal static class CampaignEndpoints
{
    public static WebApplicationBuilder AddCampaigns(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddCheckedOptions<CampaignOptions>("Campaigns");
        services.AddServiceClient(IssueGate.Service, IssueGate.Client);
        services.AddSingleton<IssueGate>().AddSingleton<CampaignChanges>().AddSingleton<CampaignOutbox>();
        services.AddHealthSignal<PendingChangeSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<PendingChangeSweep>());
        services.AddHealthSignal<OutboxSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<OutboxSweep>());
        return builder;
    }

    public static void MapCampaigns(this IEndpointRouteBuilder routes)
    {
        var campaigns = routes.MapGroup("/api/campaigns").RequireRole(Role.Operator).WithTags("Campaigns");
        CreateCampaign.Map(campaigns);
        ChangeCampaign.Map(campaigns);
        TransitionCampaign.Map(campaigns);
        ReadHistory.Map(campaigns);
    }
}
