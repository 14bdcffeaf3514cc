using System.Globalization;
using System.Security.Cryptography;

namespace FirstCome.UserService.Tokens;

/// <summary>A key pair as it stands in a file; its name says when it was published, so that a copied or restored folder means the same.</summary>
internal sealed record KeyFile(string KeyId, DateTimeOffset PublishedAt, string Path);

/// <summary>
/// The folder of private keys: files <c>{Unix milliseconds of publication}-{8 hex digits}.pem</c> (PKCS #8, mode 600); the name without its ending is the key's
/// id. Written under a temporary name and renamed, so that no reader meets half a key; changed only by who holds the file <c>.lock</c>.
/// </summary>
internal sealed class KeyFolder(string path, TimeProvider time)
{
    private const int Bits = 2048;
    private static readonly TimeSpan s_lockWaitMax = TimeSpan.FromSeconds(10);

    /// <summary>In order of publication. Files of other names are none of ours and are left alone.</summary>
    public IReadOnlyList<KeyFile> List() =>
        [.. new DirectoryInfo(path).EnumerateFiles("*.pem").Select(file => Parse(file.FullName)).OfType<KeyFile>()
            .OrderBy(key => key.PublishedAt).ThenBy(key => key.KeyId, StringComparer.Ordinal)];

    /// <summary>Makes the folder, for the owner alone, where it is missing.</summary>
    public void Create()
    {
        if (OperatingSystem.IsWindows()) { Directory.CreateDirectory(path); }
        else { Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); }
    }

    /// <summary>Waits until no other instance changes the folder; dispose to let go. The lock goes with its process, however that ends.</summary>
    /// <exception cref="TimeoutException">Another one held it for 10 s.</exception>
    public async Task<IDisposable> LockAsync(CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var file = Path.Combine(path, ".lock");
        while (true)
        {
            try { return new FileStream(file, OwnersAlone(FileMode.OpenOrCreate)); }
            catch (IOException exception) when (File.Exists(file))
            {
                if (TimeProvider.System.GetElapsedTime(started) > s_lockWaitMax)
                {
                    throw new TimeoutException($"The folder of signing keys is locked by another process: {exception.Message}", exception);
                }
            }
            await Task.Delay(TimeSpan.FromMilliseconds(25), cancellationToken);
        }
    }

    /// <summary>Makes a key and publishes it. Only under the lock.</summary>
    public async Task<KeyFile> AddAsync(CancellationToken cancellationToken)
    {
        using var rsa = RSA.Create(Bits);
        // Dated once it is there: making a key takes a while. Always after the others, whatever the clock has done since: the order is the schedule.
        var newest = List() is [.., var last] ? last.PublishedAt.ToUnixTimeMilliseconds() : 0;
        var published = Math.Max(time.GetUtcNow().ToUnixTimeMilliseconds(), newest + 1);
        var name = string.Create(CultureInfo.InvariantCulture, $"{published:D14}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        var file = Path.Combine(path, name + ".pem");
        await using (var stream = new FileStream(file + ".tmp", OwnersAlone(FileMode.CreateNew)))
        await using (var writer = new StreamWriter(stream))
        {
            await writer.WriteAsync(rsa.ExportPkcs8PrivateKeyPem().AsMemory(), cancellationToken);
        }
        File.Move(file + ".tmp", file);
        return Parse(file)!;
    }

    /// <summary>The private key of a file.</summary>
    /// <exception cref="CryptographicException">It holds no key of 2048 bits or more.</exception>
    public static async Task<RSA> ReadAsync(KeyFile key, CancellationToken cancellationToken)
    {
        var pem = await File.ReadAllTextAsync(key.Path, cancellationToken);
        var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(pem);
            return rsa.KeySize >= Bits ? rsa : throw new CryptographicException($"The key has {rsa.KeySize} bits.");
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            rsa.Dispose();
            // The parser's own words might repeat what it could not read.
            throw new CryptographicException($"{Path.GetFileName(key.Path)} holds no RSA key of {Bits} bits or more in PEM.");
        }
    }

    private static FileStreamOptions OwnersAlone(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) { options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; }
        return options;
    }

    private static KeyFile? Parse(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var parts = name.Split('-');
        return parts is [{ Length: 14 } instant, { Length: 8 } random] && random.All(char.IsAsciiHexDigitLower)
            && long.TryParse(instant, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? new KeyFile(name, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), file) : null;
    }
}
