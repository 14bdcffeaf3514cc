using System.Buffers.Binary;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace FirstCome.UserService.Passwords;

/// <summary>Section <c>Passwords</c>.</summary>
public sealed class PasswordOptions : ICheckedOptions
{
    /// <summary>
    /// Rounds of PBKDF2-HMAC-SHA512, 1,000 to 10,000,000. Default 210,000, OWASP's figure for SHA-512: 0.1 s of one core. Older hashes are renewed when their
    /// member signs in.
    /// </summary>
    public int Iterations { get; set; } = 210_000;

    /// <summary>How many hashes are computed at once, 1 to 256. Default: the machine's cores.</summary>
    public int Concurrency { get; set; } = Math.Min(Environment.ProcessorCount, 256);

    /// <summary>How many may wait for their turn, 0 to 10,000; who comes on top is answered 503. Default 64.</summary>
    public int QueueMax { get; set; } = 64;

    /// <summary>How long one may wait, up to 1 minute; then 503. Default 5 s.</summary>
    public TimeSpan WaitMax { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<string> Check()
    {
        if (Iterations is < 1_000 or > 10_000_000) { yield return $"Passwords:Iterations must be between 1000 and 10000000, but is {Iterations}."; }
        if (Concurrency is < 1 or > 256) { yield return $"Passwords:Concurrency must be between 1 and 256, but is {Concurrency}."; }
        if (QueueMax is < 0 or > 10_000) { yield return $"Passwords:QueueMax must be between 0 and 10000, but is {QueueMax}."; }
        if (WaitMax <= TimeSpan.Zero || WaitMax > TimeSpan.FromMinutes(1))
        {
            yield return $"Passwords:WaitMax must be above 00:00:00 and at most 00:01:00, but is {WaitMax}.";
        }
    }
}

/// <summary>
/// ASP.NET Core Identity's hasher (PBKDF2-HMAC-SHA512, salt of 128 bits), for so many at once that sign-ins cannot take the machine from everything else.
/// </summary>
internal sealed class PasswordHashing : IDisposable
{
    /// <summary>The name of the meter; counts each computation by its kind.</summary>
    public const string MeterName = "FirstCome.UserService";

    private static readonly object s_nobody = new();
    private readonly PasswordOptions _options;
    private readonly PasswordHasher<object> _hasher;
    private readonly SemaphoreSlim _slots;
    private readonly Counter<long> _computed;
    private readonly string _nobodysHash;
    private int _waiting;

    public PasswordHashing(IOptions<PasswordOptions> options, IMeterFactory meters)
    {
        _options = options.Value;
        _hasher = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = _options.Iterations }));
        _slots = new SemaphoreSlim(_options.Concurrency, _options.Concurrency);
        _computed = meters.Create(MeterName).CreateCounter<long>("firstcome.passwords.computed", "{hash}", "Password hashes computed");
        _nobodysHash = NobodysHash(_options.Iterations);
    }

    /// <summary>A turn to compute; dispose it. Null where too many wait or the wait became too long: the caller answers 503.</summary>
    public async ValueTask<Slot?> EnterAsync(CancellationToken cancellationToken)
    {
        if (_slots.Wait(0, cancellationToken)) { return new Slot(this); }
        if (Interlocked.Increment(ref _waiting) > _options.QueueMax)
        {
            Interlocked.Decrement(ref _waiting);
            return null;
        }
        try { return await _slots.WaitAsync(_options.WaitMax, cancellationToken) ? new Slot(this) : null; }
        finally { Interlocked.Decrement(ref _waiting); }
    }

    /// <summary>What a caller is told who got no turn.</summary>
    public static IResult Busy() => Problems.Result(
        ProblemTypes.Unavailable, "Too many passwords are being checked at the moment. Try again in a few seconds.", retryAfter: TimeSpan.FromSeconds(2));

    public void Dispose() => _slots.Dispose();

    // The format of Identity's version 3: marker, PRF (2: HMAC-SHA512), iterations, length of the salt, salt, subkey. No password gives a random subkey, and
    // trying costs the same.
    private static string NobodysHash(int iterations)
    {
        var hash = RandomNumberGenerator.GetBytes(13 + 16 + 32);
        hash[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(1), 2);
        BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(5), (uint)iterations);
        BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(9), 16);
        return Convert.ToBase64String(hash);
    }

    /// <summary>A turn; for one caller at a time.</summary>
    internal sealed class Slot(PasswordHashing owner) : IDisposable
    {
        private int _left;

        /// <summary>The hash to keep.</summary>
        public Task<string> HashAsync(string password)
        {
            owner._computed.Add(1, new KeyValuePair<string, object?>("kind", "hash"));
            return ComputeAsync(() => owner._hasher.HashPassword(s_nobody, password));
        }

        /// <summary>
        /// Whether the password belongs to the hash. Without a hash (nobody has this e-mail address) the same work is done, and the answer is no: neither
        /// answer nor time tells which it was.
        /// </summary>
        public async Task<PasswordVerificationResult> VerifyAsync(string? hash, string password)
        {
            owner._computed.Add(1, new KeyValuePair<string, object?>("kind", "verify"));
            var result = await ComputeAsync(() => owner._hasher.VerifyHashedPassword(s_nobody, hash ?? owner._nobodysHash, password));
            return hash is null ? PasswordVerificationResult.Failed : result;
        }

        // A thread of its own: a tenth of a second on each thread of the pool would hold up every other request of the process.
        private static Task<T> ComputeAsync<T>(Func<T> compute) =>
            Task.Factory.StartNew(compute, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) { owner._slots.Release(); }
        }
    }
}
