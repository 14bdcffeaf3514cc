using FirstCome.Authentication;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Redemptions;

/// <summary>Where redemptions are made and found.</summary>
internal static class RedemptionEndpoints
{
    public static void MapRedemptions(this IEndpointRouteBuilder routes)
    {
        var ofCoupon = routes.MapGroup("/api/coupons/{code}/redemptions").WithTags("Redemptions").RequireRole(Role.Merchant);
        ofCoupon.MapPost("", RedeemCoupon.HandleAsync)
            .WithSummary("Redeems a coupon for an order; needs an Idempotency-Key").Produces<Redemption>(StatusCodes.Status201Created).Produces<Redemption>();
        ofCoupon.MapGet("/{id:guid}", GetRedemption.HandleAsync)
            .WithSummary("A redemption of one's own").Produces<Redemption>();
        ofCoupon.MapPost("/{id:guid}/undo", UndoRedemption.HandleAsync)
            .WithSummary("Undoes a redemption of one's own: the coupon is free again").Produces<Redemption>();
        routes.MapGet("/api/redemptions", ListRedemptions.HandleAsync).WithTags("Redemptions").RequireRole(Role.Merchant)
            .WithSummary("What one redeemed on a day in Asia/Seoul, oldest first").Produces<Page<Redemption>>();
    }
}
