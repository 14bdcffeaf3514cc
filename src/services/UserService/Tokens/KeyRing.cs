using System.Security.Cryptography;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace FirstCome.UserService.Tokens;

/// <summary>A key that is published. <see cref="Credentials"/> holds the private half.</summary>
internal sealed record SigningKey(string KeyId, DateTimeOffset PublishedAt, SigningCredentials Credentials, PublicKey Public)
{
    public static SigningKey Of(KeyFile file, RSA rsa)
    {
        var credentials = new SigningCredentials(new RsaSecurityKey(rsa) { KeyId = file.KeyId }, SecurityAlgorithms.RsaSha256);
        return new SigningKey(file.KeyId, file.PublishedAt, credentials, PublicKey.Of(file.KeyId, rsa.ExportParameters(includePrivateParameters: false)));
    }
}

/// <summary>The keys as the folder has them; read again every few seconds, swapped whole.</summary>
internal sealed class KeyRing(IOptions<KeyOptions> options, TimeProvider time, ILogger<KeyRing> logger) : IHealthSignal, IDisposable
{
    /// <summary>Each rotation leaves a key for more than an hour; nobody needs more of them than verifiers read (20).</summary>
    private const int KeysMax = 16;

    private readonly KeyFolder _folder = new(options.Value.Folder, time);
    private readonly SemaphoreSlim _changing = new(1, 1);
    private volatile List<SigningKey> _keys = [];
    private volatile string? _unreadable;

    public string Name => "keys";

    public HealthState Current => _keys.Count == 0 ? new(Severity.Failed, "there is no key to sign with")
        : _unreadable is { } file ? new(Severity.Degraded, $"a key cannot be read: {file}")
        : HealthState.Ok;

    /// <summary>Every key that a token may be signed with, the oldest first.</summary>
    public IReadOnlyList<SigningKey> Published => _keys;

    /// <summary>The key that signs now.</summary>
    public SigningKey Signing => _keys[KeySchedule.Signing(Times(_keys), time.GetUtcNow(), options.Value.PublishAhead)];

    /// <summary>The newest key and when it begins to sign, while it waits for that; null otherwise.</summary>
    public (SigningKey Key, DateTimeOffset SignsFrom)? Waiting =>
        _keys is { Count: > 1 } keys && keys[^1].PublishedAt + options.Value.PublishAhead is var from && from > time.GetUtcNow() ? (keys[^1], from) : null;

    /// <summary>Reads the folder for the first time; makes it, and the first key, where there is none.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        _folder.Create();
        await ReloadAsync(cancellationToken);
        if (_keys.Count > 0) { return; }
        using var alone = await _folder.LockAsync(cancellationToken);
        await ReloadAsync(cancellationToken);
        if (_keys.Count > 0) { return; }
        TokensLog.KeyPublished(logger, (await _folder.AddAsync(cancellationToken)).KeyId);
        await ReloadAsync(cancellationToken);
    }

    /// <summary>Takes up what other instances made.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            var known = _keys.ToDictionary(key => key.KeyId, StringComparer.Ordinal);
            var keys = new List<SigningKey>();
            string? unreadable = null;
            foreach (var file in _folder.List())
            {
                if (known.TryGetValue(file.KeyId, out var key)) { keys.Add(key); continue; }
                try { keys.Add(SigningKey.Of(file, await KeyFolder.ReadAsync(file, cancellationToken))); }
                catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
                {
                    if (_unreadable != file.KeyId) { TokensLog.KeyUnreadable(logger, file.KeyId, exception.Message); }
                    unreadable = file.KeyId;
                }
            }
            // Without any file the keys in memory are still the ones that verifiers have.
            if (keys.Count > 0) { _keys = keys; }
            _unreadable = unreadable;
        }
        finally { _changing.Release(); }
    }

    /// <summary>
    /// Publishes a new key. Does nothing while one waits to sign: a repeated order is one rotation. Null when done; where too many keys are still needed, the
    /// instant at which one goes.
    /// </summary>
    public async Task<DateTimeOffset?> RotateAsync(CancellationToken cancellationToken)
    {
        using var alone = await _folder.LockAsync(cancellationToken);
        await ReloadAsync(cancellationToken);
        if (Waiting is not null) { return null; }
        if (_keys.Count >= KeysMax) { return KeySchedule.RetiredAt(Times(_keys), 0, options.Value.PublishAhead); }
        var file = await _folder.AddAsync(cancellationToken);
        TokensLog.KeyPublished(logger, file.KeyId);
        await ReloadAsync(cancellationToken);
        return null;
    }

    /// <summary>Replaces a key that is old enough and deletes those that nobody needs any more.</summary>
    public async Task MaintainAsync(CancellationToken cancellationToken)
    {
        await ReloadAsync(cancellationToken);
        var now = time.GetUtcNow();
        if (_keys[^1].PublishedAt + options.Value.RotateAfter <= now) { await RotateAsync(cancellationToken); }
        if (Retired(now).Count == 0) { return; }
        using var alone = await _folder.LockAsync(cancellationToken);
        await ReloadAsync(cancellationToken);
        foreach (var key in Retired(now))
        {
            File.Delete(Path.Combine(options.Value.Folder, key.KeyId + ".pem"));
            TokensLog.KeyRetired(logger, key.KeyId);
        }
        await ReloadAsync(cancellationToken);
    }

    public void Dispose() => _changing.Dispose();

    private List<SigningKey> Retired(DateTimeOffset now)
    {
        var keys = _keys;
        var times = Times(keys);
        return [.. keys.Where((_, index) => KeySchedule.RetiredAt(times, index, options.Value.PublishAhead) <= now)];
    }

    private static List<DateTimeOffset> Times(List<SigningKey> keys) => [.. keys.Select(key => key.PublishedAt)];
}
