using System.Globalization;
using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using FirstCome.Web.Sessions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using StackExchange.Redis;

namespace FirstCome.Web.Console.Session;

/// <summary>
/// Sessions of the console in Redis, so that every instance knows them: <c>console:session:{id}</c> holds the ticket with both tokens, protected; <c>console:refresh:{id}</c> is who renews the tokens at the moment.
/// </summary>
internal sealed class OperatorSessions(IConnectionMultiplexer redis, IDataProtectionProvider protection, IHttpClientFactory clients, TimeProvider time) : ITicketStore
{
    public const string Scheme = "console", SessionClaim = "sid";

    /// <summary>A session ends when nothing was asked for so long, over the circuit or without it. Redis alone counts.</summary>
    public static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(30);

    private const string Access = "access_token", Refresh = "refresh_token", ExpiresAt = "expires_at";
    private static readonly TimeSpan s_renewBefore = TimeSpan.FromMinutes(1), s_refreshMax = TimeSpan.FromSeconds(10), s_lookAgain = TimeSpan.FromMilliseconds(100);

    private readonly IDataProtector _protector = protection.CreateProtector("console.session");

    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public static AuthenticationProperties Properties(SessionTokens tokens)
    {
        var properties = new AuthenticationProperties();
        Put(properties, tokens);
        return properties;
    }

    public async Task<string> StoreAsync(AuthenticationTicket ticket)
    {
        var id = ticket.Principal.FindFirstValue(SessionClaim) ?? throw new InvalidOperationException("A ticket of the console names its session.");
        await KeepAsync(id, ticket, When.Always);
        return id;
    }

    public Task RenewAsync(string key, AuthenticationTicket ticket) => KeepAsync(key, ticket, When.Exists);

    private async Task<bool> KeepAsync(string key, AuthenticationTicket ticket, When when) =>
        await redis.GetDatabase().StringSetAsync(Key(key), _protector.Protect(TicketSerializer.Default.Serialize(ticket)), IdleMax, when);

    public async Task<AuthenticationTicket?> RetrieveAsync(string key)
    {
        var kept = (byte[]?)await redis.GetDatabase().StringGetSetExpiryAsync(Key(key), IdleMax);
        if (kept is null) { return null; }
        AuthenticationTicket? ticket;
        try { ticket = TicketSerializer.Default.Deserialize(_protector.Unprotect(kept)); }
        // Protected by keys that are gone: as good as ended.
        catch (CryptographicException) { return null; }
        if (ticket is null) { return null; }
        (ticket.Properties.IssuedUtc, ticket.Properties.ExpiresUtc) = (time.GetUtcNow(), time.GetUtcNow() + IdleMax);
        return ticket;
    }

    public async Task RemoveAsync(string key) => await redis.GetDatabase().KeyDeleteAsync(Key(key));

    /// <summary>An access token that is good for a while, renewed where it must be, by one asker at a time; null where the session has ended.</summary>
    public async Task<string?> AccessTokenAsync(string id, CancellationToken cancellationToken)
    {
        var waited = TimeSpan.Zero;
        while (true)
        {
            if (await RetrieveAsync(id) is not { } ticket) { return null; }
            if (IsGood(ticket.Properties)) { return ticket.Properties.GetTokenValue(Access); }
            var database = redis.GetDatabase();
            if (await database.StringSetAsync(RefreshKey(id), "1", s_refreshMax, When.NotExists))
            {
                try { return await RefreshAsync(id); }
                finally { await database.KeyDeleteAsync(RefreshKey(id)); }
            }
            if (waited > s_refreshMax) { throw new TimeoutException("Another instance does not finish renewing the session."); }
            await Task.Delay(s_lookAgain, time, cancellationToken);
            waited += s_lookAgain;
        }
    }

    /// <summary>The refresh token, for signing out.</summary>
    public static string? RefreshTokenOf(AuthenticationProperties? properties) => properties?.GetTokenValue(Refresh);

    // The refresh token is spent by being sent: a caller who goes away must not lose the new one, and who asks again after a lost answer is known by the session's id.
    private async Task<string?> RefreshAsync(string id)
    {
        if (await RetrieveAsync(id) is not { } ticket) { return null; }
        if (IsGood(ticket.Properties)) { return ticket.Properties.GetTokenValue(Access); }
        using var client = clients.CreateClient(KeepSession.UserService);
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/auth/refresh") { Content = JsonContent.Create(new { refreshToken = ticket.Properties.GetTokenValue(Refresh) }) };
        request.Headers.Add("Idempotency-Key", id);
        using var answer = await client.SendAsync(request, CancellationToken.None);
        if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            await RemoveAsync(id);
            return null;
        }
        answer.EnsureSuccessStatusCode();
        var tokens = await answer.Content.ReadFromJsonAsync<SessionTokens>(CancellationToken.None) ?? throw new JsonException("UserService gave no tokens.");
        Put(ticket.Properties, tokens);
        // Whoever signed out meanwhile stays signed out.
        return await KeepAsync(id, ticket, When.Exists) ? tokens.AccessToken : null;
    }

    private bool IsGood(AuthenticationProperties properties) =>
        DateTimeOffset.TryParse(properties.GetTokenValue(ExpiresAt), CultureInfo.InvariantCulture, out var end) && end - s_renewBefore > time.GetUtcNow();

    private static void Put(AuthenticationProperties properties, SessionTokens tokens) => properties.StoreTokens(
    [
        new() { Name = Access, Value = tokens.AccessToken },
        new() { Name = Refresh, Value = tokens.RefreshToken },
        new() { Name = ExpiresAt, Value = tokens.ExpiresAt.ToString("O", CultureInfo.InvariantCulture) },
    ]);

    private static RedisKey Key(string id) => $"console:session:{id}";

    private static RedisKey RefreshKey(string id) => $"console:refresh:{id}";
}
