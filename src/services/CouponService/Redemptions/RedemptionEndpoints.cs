using FirstCome.Authentication;
using FirstCome.CouponService.Campaigns;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace FirstCome.CouponService.Redemptions;

/// <summary>Where redemptions are made and found.</summary>
internal static class RedemptionEndpoints
{
    public static void MapRedemptions(this IEndpointRouteBuilder routes)
    {
        var ofCoupon = routes.MapGroup("/api/coupons/{code}/redemptions").WithTags("Redemptions").RequireRole(Role.Merchant);
        ofCoupon.MapPost("", RedeemCoupon.HandleAsync)
            .WithName(nameof(RedeemCoupon)).WithSummary("Redeems a coupon for an order: 201, and 200 when it is sent again")
            .Produces<Redemption>(StatusCodes.Status201Created).Produces<Redemption>().ProducesProblems(400, 401, 403, 404, 409, 412, 422, 503)
            .AddOpenApiOperationTransformer(DescribeKey);
        ofCoupon.MapGet("/{id:guid}", GetRedemption.HandleAsync)
            .WithName(nameof(GetRedemption)).WithSummary("A redemption of one's own").Produces<Redemption>().ProducesProblems(401, 403, 404, 503);
        ofCoupon.MapPost(
                "/{id:guid}/undo",
                (string code, Guid id, TransitionCampaign.NoMembers? body, HttpContext context, Database database, TimeProvider time, CancellationToken stop) =>
                    UndoRedemption.HandleAsync(code, id, context, database, time, stop))
            .WithName(nameof(UndoRedemption)).WithSummary("Undoes a redemption of one's own: the coupon is free again")
            .Produces<Redemption>().ProducesProblems(400, 401, 403, 404, 412, 503);
        routes.MapGet("/api/redemptions", ListRedemptions.HandleAsync).WithTags("Redemptions").RequireRole(Role.Merchant)
            .WithName(nameof(ListRedemptions)).WithSummary("What one redeemed on a day in Asia/Seoul, oldest first")
            .Produces<Page<Redemption>>().ProducesProblems(400, 401, 403, 503);
    }

    private static Task DescribeKey(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = RedemptionOrder.KeyHeader,
            In = ParameterLocation.Header,
            Required = true,
            Description = "1 to 128 visible ASCII characters, a new one for each order; kept for 7 days.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = RedemptionOrder.KeyLengthMax },
        });
        return Task.CompletedTask;
    }
}
