using FirstCome.ConfigServer.Git;
using FirstCome.ConfigServer.Requests;

namespace FirstCome.ConfigServer.Documents;

/// <summary>A settings file of a commit is broken; the message tells operators where, and names no values.</summary>
internal sealed class BrokenSettingsException(string file, long line, string reason) : Exception($"{file}, line {line}: {reason}");

/// <summary>Parsed settings files, kept by the id of their content: a new commit costs only the files that it changes.</summary>
internal sealed class SettingsFiles(BoundedCache cache)
{
    private const long FileBytesMax = 1024 * 1024;

    /// <summary>Later ones take precedence, as in Spring Boot.</summary>
    public static readonly IReadOnlyList<string> Extensions = [".yaml", ".yml", ".properties"];

    /// <summary>The documents of a file, null when the commit has no such file.</summary>
    /// <exception cref="BrokenSettingsException" />
    public IReadOnlyList<SettingsDocument>? Read(GitReader git, string commit, string path)
    {
        if (git.File(commit, path) is not { } blob)
            return null;
        var key = (blob.Id, Path.GetExtension(path));
        if (!cache.TryGet<Parsed>(key, out var parsed))
        {
            parsed = Parse(git, blob, path);
            cache.Set(key, parsed, 1_000 + 8 * Math.Min(blob.Size, FileBytesMax));
        }
        return parsed.Documents ?? throw new BrokenSettingsException(path, parsed.ErrorLine, parsed.Error!);
    }

    private static Parsed Parse(GitReader git, BlobReference blob, string path)
    {
        if (blob.Size > FileBytesMax)
            return new Parsed(null, $"the file is larger than {FileBytesMax} bytes", 1);
        try
        {
            var content = git.Content(blob);
            return new Parsed(path.EndsWith(".properties", StringComparison.Ordinal) ? PropertiesDocuments.Read(content) : YamlDocuments.Read(content), null, 0);
        }
        catch (SettingsFileException e)
        {
            return new Parsed(null, e.Message, e.Line);
        }
    }

    private sealed record Parsed(IReadOnlyList<SettingsDocument>? Documents, string? Error, long ErrorLine);
}
