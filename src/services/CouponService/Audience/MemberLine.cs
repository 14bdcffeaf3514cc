namespace FirstCome.CouponService.Audience;

/// <summary>A line of an uploaded list: an id, an address, or why it is neither.</summary>
/// <param name="Number">Counted from 1; the header is a line too.</param>
internal readonly record struct MemberLine(int Number, Guid? Id, string? Email, string? Problem);

/// <summary>A line that cannot be imported.</summary>
/// <param name="Line">Counted from 1; the header is a line too.</param>
/// <param name="Reason">What is wrong with it.</param>
internal sealed record RejectedLine(int Line, string Reason);
