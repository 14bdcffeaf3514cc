using System.Collections.Frozen;
using System.Text.Json;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace FirstCome.Authentication;

/// <summary>
/// The public keys that UserService signs with. An unknown key id fetches them anew, at most once in two seconds, one fetch for all who wait; besides they are renewed every minute,
/// so that a key that was taken back is forgotten. With UserService away the last ones stay in use; before the first ones came it is asked again sooner.
/// </summary>
internal sealed class SigningKeys(IHttpClientFactory clients, TimeProvider time, ILogger<SigningKeys> logger) : IHealthSignal
{
    public const string Client = "firstcome-signing-keys";
    public const int BytesMax = 64 * 1024;
    private const int KeysMax = 20, BitsMin = 2048;
    private static readonly TimeSpan s_betweenFetches = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_betweenFirstFetches = TimeSpan.FromMilliseconds(200);
    private readonly Lock _lock = new();
    private volatile FrozenDictionary<string, SecurityKey> _keys = FrozenDictionary<string, SecurityKey>.Empty;
    private volatile string? _failure;
    private long? _lastStart;
    private Task? _fetch;

    /// <summary>Whether keys were ever had.</summary>
    public bool Any => _keys.Count > 0;

    string IHealthSignal.Name => "signing-keys";

    HealthState IHealthSignal.Current => (Any, _failure) switch
    {
        (true, null) => HealthState.Ok,
        (true, { } failure) => new(Severity.Degraded, $"the last known keys are used: {failure}"),
        // Whoever needs a token is answered 503 until then.
        (false, var failure) => new(Severity.Failed, $"tokens cannot be checked: {failure ?? "no keys were fetched yet"}"),
    };

    /// <summary>The key, or null where UserService does not know it either.</summary>
    public async ValueTask<SecurityKey?> FindAsync(string kid, CancellationToken cancellationToken)
    {
        if (_keys.TryGetValue(kid, out var key)) { return key; }
        if (FetchAtMostOnce() is { } fetch) { await fetch.WaitAsync(cancellationToken); }
        return _keys.GetValueOrDefault(kid);
    }

    /// <summary>Fetches the keys now, or waits for the fetch that is under way. Does not throw.</summary>
    public Task RenewAsync() => FetchAtMostOnce() ?? Task.CompletedTask;

    private Task? FetchAtMostOnce()
    {
        lock (_lock)
        {
            if (_fetch is { IsCompleted: false }) { return _fetch; }
            // Not by the wall clock: set back, it would put off every fetch until it is where it was.
            if (_lastStart is { } last && time.GetElapsedTime(last) < (Any ? s_betweenFetches : s_betweenFirstFetches)) { return null; }
            _lastStart = time.GetTimestamp();
            // Detached from the first caller: the others wait for it too.
            return _fetch = Task.Run(FetchAsync);
        }
    }

    private async Task FetchAsync()
    {
        try
        {
            using var client = clients.CreateClient(Client);
            var body = await client.GetByteArrayAsync(new Uri("/.well-known/jwks.json", UriKind.Relative));
            var keys = Read(body);
            if (keys.Count == 0) { throw new JsonException("The set holds no usable key."); }
            if (!keys.Keys.ToHashSet().SetEquals(_keys.Keys)) { AuthenticationLog.KeysFetched(logger, keys.Count); }
            _keys = keys;
            _failure = null;
        }
        catch (Exception exception)
        {
            if (_failure is null) { AuthenticationLog.KeysNotFetched(logger, exception.Message); }
            _failure = "UserService does not give them";
        }
    }

    internal static FrozenDictionary<string, SecurityKey> Read(byte[] body)
    {
        var set = new JsonWebKeySet(System.Text.Encoding.UTF8.GetString(body));
        return set.Keys.Take(KeysMax)
            .Where(key => key is { Kty: JsonWebAlgorithmsKeyTypes.RSA, Kid.Length: > 0 and <= 100, Use: null or "" or JsonWebKeyUseNames.Sig, Alg: null or "" or SecurityAlgorithms.RsaSha256 })
            .Select(key => (key.Kid, Key: AsRsa(key)))
            .Where(key => key.Key.KeySize >= BitsMin)
            .DistinctBy(key => key.Kid)
            .ToFrozenDictionary(key => key.Kid, key => (SecurityKey)key.Key);
    }

    // Only the public numbers are taken, whatever else the set holds.
    private static RsaSecurityKey AsRsa(JsonWebKey key) =>
        new(new System.Security.Cryptography.RSAParameters { Modulus = Base64UrlEncoder.DecodeBytes(key.N), Exponent = Base64UrlEncoder.DecodeBytes(key.E) }) { KeyId = key.Kid };
}
