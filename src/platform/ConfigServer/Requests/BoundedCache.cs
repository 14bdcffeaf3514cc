using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Memory;

namespace FirstCome.ConfigServer.Requests;

/// <summary>What was read and rendered, by content or commit, so nothing in it ever grows stale; bounded by its rough size in bytes.</summary>
internal sealed class BoundedCache : IDisposable
{
    private const long BytesMax = 64 * 1024 * 1024;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = BytesMax });

    public bool TryGet<T>(object key, [NotNullWhen(true)] out T? value) where T : class
    {
        value = _cache.Get<T>(key);
        return value is not null;
    }

    public void Set<T>(object key, T value, long bytes) where T : class
        => _cache.Set(key, value, new MemoryCacheEntryOptions { Size = bytes, SlidingExpiration = TimeSpan.FromHours(1) });

    public void Dispose() => _cache.Dispose();
}
