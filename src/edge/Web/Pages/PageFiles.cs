using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace FirstCome.Web.Pages;

/// <summary>All files of the pages. The assets stand in a folder that is named by the content of all of them, so browsers may keep them for good.</summary>
internal sealed class PageFiles
{
    private static readonly FrozenDictionary<string, string> s_types = new Dictionary<string, string>
    {
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    private readonly FrozenDictionary<string, PageFile> _index;
    private readonly FrozenDictionary<string, PageFile> _assets;

    public PageFiles()
    {
        var texts = new PageTexts(Read("texts.json"));
        var assets = Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => s_types.ContainsKey(Path.GetExtension(name))).ToDictionary(name => name, Read);
        assets.Add("texts.js", texts.ToModule());
        Version = VersionOf(assets);
        _assets = assets.ToFrozenDictionary(asset => asset.Key, asset => new PageFile(asset.Value, s_types[Path.GetExtension(asset.Key)]));

        var template = Encoding.UTF8.GetString(Read("index.html"));
        _index = Language.All.ToFrozenDictionary(
            language => language, language => new PageFile(Encoding.UTF8.GetBytes(texts.Fill(template, language, $"/assets/{Version}")), "text/html; charset=utf-8"));
    }

    /// <summary>Changes with any asset.</summary>
    public string Version { get; }

    public IEnumerable<string> Assets => _assets.Keys;

    public PageFile Index(string language) => _index[language];

    public PageFile? Asset(string name) => _assets.GetValueOrDefault(name);

    private static string VersionOf(Dictionary<string, byte[]> assets)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, content) in assets.OrderBy(asset => asset.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(SHA256.HashData(content));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }

    private static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The assembly lacks {name}.");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
