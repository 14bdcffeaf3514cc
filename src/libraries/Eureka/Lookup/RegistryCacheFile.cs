using System.Text.Json;
using FirstCome.Eureka.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FirstCome.Eureka.Lookup;

/// <summary>Keeps the last registry on disk, in the wire's own form, so that a process can start while no server answers.</summary>
internal sealed class RegistryCacheFile(IOptions<EurekaClientOptions> options, ILogger<RegistryCacheFile> logger)
{
    private const int LongestBytes = 64 * 1024 * 1024;

    private readonly string? _path = options.Value.CacheFile;
    private object? _saved;
    private bool _failing;

    public async Task<Applications?> LoadAsync(CancellationToken cancellation)
    {
        if (_path is null || !File.Exists(_path)) return null;
        try
        {
            if (new FileInfo(_path).Length > LongestBytes) throw new JsonException("the file is too long");
            return EurekaJsonReader.Applications(await File.ReadAllBytesAsync(_path, cancellation));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            EurekaLog.CacheUnreadable(logger, _path, failure.Message);
            return null;
        }
    }

    /// <summary>Replaces the file whole, where others can be called than when it was written.</summary>
    public async Task SaveAsync(EurekaRegistry registry, CancellationToken cancellation)
    {
        var revision = registry.Revision;
        if (_path is null || _saved == revision) return;
        try
        {
            var instances = registry.Known();
            var bytes = EurekaJsonWriter.Applications(new("1", RegistryHashCode.Of(instances), instances));
            if (Path.GetDirectoryName(Path.GetFullPath(_path)) is { } folder) Directory.CreateDirectory(folder);
            var temporary = $"{_path}.{Environment.ProcessId}.tmp";
            await File.WriteAllBytesAsync(temporary, bytes, cancellation);
            File.Move(temporary, _path, overwrite: true);
            _saved = revision;
            _failing = false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (!_failing) EurekaLog.CacheUnwritable(logger, _path, failure.Message);
            _failing = true;
        }
    }
}
