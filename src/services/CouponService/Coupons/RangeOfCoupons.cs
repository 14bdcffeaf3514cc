using Dapper;
using FirstCome.Contracts.Internal;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Coupons;

/// <summary><c>GET /internal/campaigns/{id}/coupons/range?above=&amp;through=</c>: the coupons of a range of sequence numbers, for the ledger's owner to compare.</summary>
internal static class RangeOfCoupons
{
    public static async Task<IResult> HandleAsync(Guid id, long above, long through, Database database, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (above < 0) { errors.Add("above", "must be 0 or more"); }
        if (through < above || through - above > InternalApi.RangeMax) { errors.Add("through", $"must be above, or up to {InternalApi.RangeMax} more"); }
        if (errors.Any) { return errors.ToResult(); }
        var parameters = new { id = id.ToByteArray(bigEndian: true), above, through };
        return Results.Ok(await database.ReadAsync(async (connection, token) =>
        {
            var highest = await connection.ExecuteScalarAsync<long?>(new CommandDefinition("SELECT MAX(sequence) FROM coupon WHERE campaign_id = @id", parameters, cancellationToken: token));
            var rows = await connection.QueryAsync<(long Sequence, byte[] Member, int Nth, string Code)>(new CommandDefinition(
                "SELECT sequence, member_id, nth, code FROM coupon WHERE campaign_id = @id AND sequence > @above AND sequence <= @through ORDER BY sequence", parameters, cancellationToken: token));
            return new CouponRange(highest ?? 0, [.. rows.Select(row => new CouponOfClaim(row.Sequence, new Guid(row.Member, bigEndian: true), row.Nth, row.Code))]);
        }, cancellationToken));
    }
}
