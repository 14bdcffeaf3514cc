using FirstCome.Authentication;
using FirstCome.CouponService.Audience;
using FirstCome.CouponService.Campaigns;
using FirstCome.CouponService.Coupons;
using FirstCome.CouponService.Internal;
using FirstCome.CouponService.Redemptions;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        engines?.Invoke(builder);
        builder.AddServiceDefaults("coupon-service");
        builder.AddEventLog();
        builder.AddTokenAuthentication();
        builder.AddDatabase();
        builder.Services.AddMigrations(typeof(Program).Assembly);
        builder.AddCampaigns();
        builder.AddAudience();
        builder.AddCoupons();

        var app = builder.Build();
        app.MapServiceDefaults();
        app.UseTokenAuthentication();
        app.MapCampaigns();
        app.MapAudience();
        app.MapCoupons();
        app.MapRedemptions();
        var between = app.MapInternal();
        between.MapInternalCampaigns();
        between.MapInternalCoupons();
        return app;
    }
}
