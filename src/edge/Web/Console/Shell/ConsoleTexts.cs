using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using FirstCome.Contracts.Campaigns;

namespace FirstCome.Web.Console.Shell;

/// <summary>
/// The words of the console in the operator's language, out of <c>Console/Texts/*.json</c>, a file a feature: <c>{"key":{"ko":"…","en":"…"}}</c>; and those of the members' pages, each key with <c>event.</c>
/// before it. Instants are told in Korea's time.
/// </summary>
internal sealed partial class ConsoleTexts
{
    public const string Korean = "ko", English = "en", Cookie = "fc-language";

    private static readonly TimeZoneInfo s_zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Seoul");
    private static readonly CultureInfo s_korean = CultureInfo.GetCultureInfo("ko-KR"), s_english = CultureInfo.GetCultureInfo("en-US");

    public ConsoleTexts(IHttpContextAccessor accessor)
    {
        var request = accessor.HttpContext?.Request;
        Language = request?.Cookies[Cookie] is { } chosen && chosen is Korean or English ? chosen : request is null ? Korean : FirstCome.Web.Pages.Language.Preferred(request);
    }

    /// <summary>Every key, with its text in each language.</summary>
    public static FrozenDictionary<string, LocalizedText> All { get; } = Load();

    public string Language { get; set; }

    public string Other => Language == Korean ? English : Korean;

    /// <summary>A text in a language, whatever the operator's is: the preview of a page stands there in both.</summary>
    public static string In(string language, string key, params object[] values) =>
        string.Format(CultureInfo.InvariantCulture, language == Korean ? All[key].Ko : All[key].En, values);

    public static string Number(double value, string language) => value.ToString("N0", CultureOf(language));

    public static CultureInfo CultureOf(string language) => language == Korean ? s_korean : s_english;

    public string this[string key] => All.TryGetValue(key, out var text) ? Of(text) : key;

    public string this[string key, params object[] values] => string.Format(Culture, this[key], values);

    /// <summary>The words for something that a service named; the name itself where this console has none for it.</summary>
    public string Known(string prefix, string name) => All.TryGetValue(prefix + name, out var text) ? Of(text) : name;

    private CultureInfo Culture => CultureOf(Language);

    public string Of(LocalizedText text) => Language == Korean ? text.Ko : text.En;

    public string Number(double value) => value.ToString(Math.Abs(value) is > 0 and < 10 && value != Math.Floor(value) ? "N1" : "N0", Culture);

    public static DateTimeOffset InKorea(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, s_zone);

    /// <summary>The instant that a clock in Korea shows so.</summary>
    public static DateTimeOffset FromKorea(DateTime local) => new(local, s_zone.GetUtcOffset(local));

    /// <summary>With its zone.</summary>
    public static string Instant(DateTimeOffset at) => InKorea(at).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " KST";

    /// <summary>With every instant in it, as services write them, told as <see cref="Instant"/> tells it.</summary>
    public static string WithInstants(string text) => Written().Replace(text, found => DateTimeOffset.TryParse(found.Value, CultureInfo.InvariantCulture, out var at) ? Instant(at) : found.Value);

    /// <summary>The time of day, for the axis of a chart.</summary>
    public static string Clock(DateTimeOffset at) => InKorea(at).ToString("HH:mm", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", RegexOptions.CultureInvariant)]
    private static partial Regex Written();

    private static FrozenDictionary<string, LocalizedText> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var all = new Dictionary<string, LocalizedText>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("console-texts/", StringComparison.Ordinal))) { Add(name, ""); }
        // Of the members' pages, which the preview shows.
        Add("texts.json", "event.");
        return all.ToFrozenDictionary(StringComparer.Ordinal);

        void Add(string name, string prefix)
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            foreach (var (key, text) in JsonSerializer.Deserialize<Dictionary<string, LocalizedText>>(stream, JsonSerializerOptions.Web)!) { all.Add(prefix + key, text); }
        }
    }
}
