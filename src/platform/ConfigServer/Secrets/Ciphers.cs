using System.Text.RegularExpressions;
using FirstCome.ConfigServer.Documents;
using Microsoft.Extensions.Options;

namespace FirstCome.ConfigServer.Secrets;

/// <summary>Encrypted values of settings, <c>{cipher}…</c>, and the key that opens them.</summary>
internal sealed partial class Ciphers(IOptions<ConfigServerOptions> options)
{
    private const string Prefix = "{cipher}";

    /// <summary>Null where no key is configured.</summary>
    public TextEncryptor? Encryptor { get; } = options.Value.ReadEncryptKey() is { } key ? new TextEncryptor(key, options.Value.EncryptSalt) : null;

    /// <summary>
    /// Settings as they go out: encrypted ones come after the others, as from the original, without a place in their file. What cannot be decrypted never
    /// goes out; its place says so under another name.
    /// </summary>
    public IReadOnlyList<Setting> Open(IReadOnlyList<Setting> settings)
        => settings.Any(IsCipher) ? [.. settings.Where(setting => !IsCipher(setting)), .. settings.Where(IsCipher).Select(Open)] : settings;

    /// <summary>The value behind what stands in front of it: <c>{key:…}</c> and <c>{name:…}</c> choose among keys in the original; here there is one.</summary>
    public static string WithoutSelectors(string text) => Selectors().Replace(text, "");

    private static bool IsCipher(Setting setting) => setting.Value.Text.StartsWith(Prefix, StringComparison.Ordinal);

    private Setting Open(Setting setting)
        => Encryptor?.TryDecrypt(WithoutSelectors(setting.Value.Text[Prefix.Length..]), out var plain) == true
            ? new Setting(setting.Key, new SettingValue(plain, IsLiteral: false), Origin: null)
            : new Setting($"invalid.{setting.Key}", new SettingValue("<n/a>", IsLiteral: false), Origin: null);

    [GeneratedRegex(@"^(?:\{(?:key|name|secret|profiles):[^{}]{0,200}\})+", RegexOptions.NonBacktracking)]
    private static partial Regex Selectors();
}
