using FirstCome.Authentication;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Audience;

/// <summary>What lists of members need, and where they are found.</summary>
internal static class AudienceEndpoints
{
    public static WebApplicationBuilder AddAudience(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddServiceClient(MemberLookup.Service, MemberLookup.Client);
        services.AddSingleton<AudienceLists>().AddSingleton<MemberLookup>().AddSingleton<UploadSlots>().AddSingleton<UploadAudience>();
        services.AddHealthSignal<UnusedListSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<UnusedListSweep>());
        return builder;
    }

    public static void MapAudience(this IEndpointRouteBuilder routes) => UploadAudience.Map(routes.MapGroup("/api/campaigns").RequireRole(Role.Operator).WithTags("Campaigns"));
}
