namespace FirstCome.Web.Sessions;

/// <summary>What UserService answers to a sign-in or a refresh.</summary>
internal sealed record SessionTokens(string AccessToken, DateTimeOffset ExpiresAt, string RefreshToken);
