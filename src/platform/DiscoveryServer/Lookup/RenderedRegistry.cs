using System.IO.Compression;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Lookup;

/// <summary>The two answers that every client fetches, as bytes in each form: made once for each version of the registry, when somebody asks.</summary>
internal sealed class RenderedRegistry(LeaseRegistry registry)
{
    private readonly Lock _lock = new();
    private volatile Rendering? _latest;

    public byte[] Full(AnswerForm form, bool gzip) => Latest().Full.Bytes(form, gzip);

    public byte[] Delta(AnswerForm form, bool gzip) => Latest().Delta.Bytes(form, gzip);

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
            Full = new(new("1", hashCode, snapshot.Instances));
            Delta = new(new($"{snapshot.Version}", hashCode, snapshot.Changes));
        }

        public long Version { get; }

        public Answer Full { get; }

        public Answer Delta { get; }
    }

    private sealed class Answer
    {
        private readonly Lazy<byte[]>[] _plain;
        private readonly Lazy<byte[]>[] _compressed;

        public Answer(Applications applications)
        {
            _plain = [.. Forms().Select(form => new Lazy<byte[]>(() => form.Applications(applications)))];
            _compressed = [.. _plain.Select(plain => new Lazy<byte[]>(() => Compress(plain.Value)))];
        }

        public byte[] Bytes(AnswerForm form, bool gzip) => (gzip ? _compressed : _plain)[form.Index].Value;

        private static IEnumerable<AnswerForm> Forms() =>
            Enumerable.Range(0, AnswerForm.Count).Select(index => new AnswerForm(IsXml: (index & 2) != 0, IsCompact: (index & 1) != 0));

        private static byte[] Compress(byte[] bytes)
        {
            using var compressed = new MemoryStream();
            using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
            return compressed.ToArray();
        }
    }
}
