using FirstCome.Authentication;
using FirstCome.CouponService.Campaigns;
using FirstCome.CouponService.Issuance;
using FirstCome.CouponService.Redemptions;
using FirstCome.CouponService.Sweeps;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Coupons;

/// <summary>What coupons need, and where they are found.</summary>
internal static class CouponEndpoints
{
    public static WebApplicationBuilder AddCoupons(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddCheckedOptions<CouponOptions>("Coupons");
        services.AddServiceClient(DeliverReleases.Service, DeliverReleases.Client);
        services.AddSingleton<IssuanceMetrics>();
        services.AddSingleton<IssueCoupons>();
        services.AddHealthSignal<IssuanceHealth>();
        services.AddHostedService<IssuanceConsumer>();
        services.AddSingleton<CancelCoupon>();
        services.AddSweep<DeliverReleases>();
        services.AddSweep<RetryWaiting>();
        services.AddSweep<ExpireCoupons>();
        services.AddSweep<ForgetRedemptionKeys>();
        return builder;
    }

    public static void MapCoupons(this IEndpointRouteBuilder routes)
    {
        var coupons = routes.MapGroup("/api/coupons").WithTags("Coupons");
        coupons.MapGet("/me", ListMyCoupons.HandleAsync).RequireMember()
            .WithName(nameof(ListMyCoupons)).WithSummary("One's own coupons, newest first").Produces<Page<Coupon>>().ProducesProblems(400, 401, 403, 503);
        coupons.MapGet("/{code}", GetCoupon.HandleAsync).RequireMember()
            .WithName(nameof(GetCoupon)).WithSummary("A coupon: one's own; any for merchants and operators")
            .Produces<Coupon>().ProducesProblems(401, 403, 404, 503);
        coupons.MapPost(
                "/{code}/cancel",
                (string code, CancelCoupon.CancelRequest request, HttpContext context, CancelCoupon cancel, CancellationToken cancellationToken) =>
                    cancel.HandleAsync(code, request, context, cancellationToken))
            .RequireRole(Role.Operator)
            .WithName(nameof(CancelCoupon)).WithSummary("Cancels a coupon; its place is given out again where the campaign says so")
            .Produces<Coupon>().ProducesProblems(400, 401, 403, 404, 409, 412, 503);
        routes.MapGet("/api/operations/coupon-dead-letters", ListDeadLetters.HandleAsync).RequireRole(Role.Operator).WithTags("Operations")
            .WithName(nameof(ListDeadLetters)).WithSummary("Issued claims that did not become a coupon, as they came, in the order of the log")
            .Produces<Page<ListDeadLetters.CouponDeadLetter>>().ProducesProblems(400, 401, 403, 503);
    }

    /// <summary>Below the group <c>/internal</c>.</summary>
    public static void MapInternalCoupons(this RouteGroupBuilder routes)
    {
        routes.MapGet("/campaigns/{id:guid}/coupons/summary", CountCoupons.HandleAsync);
        routes.MapGet("/campaigns/{id:guid}/coupons/range", RangeOfCoupons.HandleAsync);
        routes.MapGet("/campaigns/{id:guid}/coupons", TraceCoupon.HandleAsync);
    }

    private static void AddSweep<T>(this IServiceCollection services) where T : Sweep
    {
        services.AddHealthSignal<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }
}
