using System.IO.Compression;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Lookup;

/// <summary>The two answers that every client fetches, as bytes: made once for each version of the registry, when somebody asks.</summary>
internal sealed class RenderedRegistry(LeaseRegistry registry)
{
    private readonly Lock _lock = new();
    private volatile Rendering? _latest;

    public byte[] Full(bool gzip) => gzip ? Latest().FullGzip.Value : Latest().Full.Value;

    public byte[] Delta(bool gzip) => gzip ? Latest().DeltaGzip.Value : Latest().Delta.Value;

    private Rendering Latest()
    {
        if (_latest is { } latest && latest.Version == registry.Version) return latest;
        lock (_lock)
        {
            if (_latest is not { } current || current.Version != registry.Version) _latest = new Rendering(registry.Snapshot());
            return _latest;
        }
    }

    private sealed class Rendering
    {
        public Rendering(RegistrySnapshot snapshot)
        {
            Version = snapshot.Version;
            var hashCode = RegistryHashCode.Of(snapshot.Instances);
            // The original says 1 in every full answer.
            Full = new(() => EurekaJsonWriter.Applications(new("1", hashCode, snapshot.Instances)));
            Delta = new(() => EurekaJsonWriter.Applications(new($"{snapshot.Version}", hashCode, snapshot.Changes)));
            FullGzip = new(() => Compress(Full.Value));
            DeltaGzip = new(() => Compress(Delta.Value));
        }

        public long Version { get; }

        public Lazy<byte[]> Full { get; }

        public Lazy<byte[]> FullGzip { get; }

        public Lazy<byte[]> Delta { get; }

        public Lazy<byte[]> DeltaGzip { get; }

        private static byte[] Compress(byte[] bytes)
        {
            using var compressed = new MemoryStream();
            using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
            return compressed.ToArray();
        }
    }
}
