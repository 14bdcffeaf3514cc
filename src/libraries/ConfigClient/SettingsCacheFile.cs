using System.Text.Json;

namespace FirstCome.ConfigClient;

/// <summary>The last good answer on disk, for a start without a server.</summary>
internal sealed class SettingsCacheFile(string path, string identity)
{
    private const long BytesMax = 16 * 1024 * 1024;

    /// <summary>What the file holds, or null when there is none for this application, profile and label.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="FormatException">It is not what was written.</exception>
    public SettingsSet? Read()
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            return null;
        if (file.Length > BytesMax)
            throw new FormatException($"it is larger than {BytesMax} bytes");
        try
        {
            var content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path));
            if (content?.Settings is null || content.Identity != identity)
                return null;
            return new SettingsSet(content.Version, content.ReceivedAt, new Dictionary<string, string?>(content.Settings, StringComparer.OrdinalIgnoreCase));
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>Replaces the file in one step, so that a process that dies in the middle leaves the former one.</summary>
    public void Write(SettingsSet settings)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = $"{full}.{Environment.ProcessId}.tmp";
        var creation = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            creation.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(temporary, creation))
        {
            JsonSerializer.Serialize(stream, new Content(identity, settings.Version, settings.ReceivedAt, settings.Values.ToDictionary()));
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, full, overwrite: true);
    }

    private sealed record Content(string Identity, string? Version, DateTimeOffset ReceivedAt, Dictionary<string, string?>? Settings);
}
