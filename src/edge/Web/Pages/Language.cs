using Microsoft.Net.Http.Headers;

namespace FirstCome.Web.Pages;

/// <summary>The two languages of the pages.</summary>
internal static class Language
{
    public const string Korean = "ko", English = "en";

    public static readonly IReadOnlyList<string> All = [Korean, English];

    /// <summary>
    /// What <c>Accept-Language</c> prefers of the two. Korean where it says nothing, or cannot be read; English where it names only other languages.
    /// What the reader has chosen on the page itself is known to the browser only and wins there.
    /// </summary>
    public static string Preferred(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().AcceptLanguage;
        if (accepted.Count == 0) { return Korean; }
        var (korean, english) = (QualityOf(accepted, Korean), QualityOf(accepted, English));
        return korean > english ? Korean : English;
    }

    // An exact language goes before "*"; of several ("en-GB, en;q=0.8") the best counts. Equal ones are decided by their order: earlier is a shade better.
    private static double QualityOf(IList<StringWithQualityHeaderValue> accepted, string language)
    {
        double? named = null, any = null;
        for (var i = 0; i < accepted.Count; i++)
        {
            var quality = (accepted[i].Quality ?? 1) - (i * 1e-6);
            var value = accepted[i].Value.AsSpan();
            if (value.Equals(language, StringComparison.OrdinalIgnoreCase) || (value.Length > 2 && value[2] == '-' && value[..2].Equals(language, StringComparison.OrdinalIgnoreCase)))
            {
                named = Math.Max(named ?? 0, quality);
            }
            else if (value is "*")
            {
                any = quality;
            }
        }
        return named ?? any ?? 0;
    }
}
