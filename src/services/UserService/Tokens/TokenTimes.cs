namespace FirstCome.UserService.Tokens;

/// <summary>How long tokens live, and what time of issue they carry.</summary>
internal static class TokenTimes
{
    /// <summary>Of a member's access token.</summary>
    public static readonly TimeSpan Access = TimeSpan.FromMinutes(10);

    /// <summary>Of a synthetic member's: a rehearsal must not end because its crowd's tokens do. The longest of all tokens.</summary>
    public static readonly TimeSpan Rehearsal = TimeSpan.FromMinutes(60);

    /// <summary>
    /// The <c>iat</c> of a token, in Unix seconds: now, or the member's border where that is within the second to come, so that who signs in right after a
    /// change of password is not refused for the rest of the second. Take <paramref name="now"/> before the member is read: a change that is committed later
    /// then lies after it.
    /// </summary>
    public static long IssuedAt(DateTimeOffset now, DateTimeOffset tokensValidFrom) => Math.Max(now.ToUnixTimeSeconds(), tokensValidFrom.ToUnixTimeSeconds());
}
