namespace FirstCome.Contracts.Problems;

/// <summary>A kind of refusal or failure as callers see it: <c>type</c> of a problem is <c>/problems/{Slug}</c>, and the gateway serves that page from these texts.</summary>
/// <param name="Slug">Stable name, lower-case words with hyphens; clients decide by it.</param>
/// <param name="Status">The HTTP status it always comes with.</param>
/// <param name="TitleEn">A short sentence in English; the problem's <c>title</c>.</param>
/// <param name="TitleKo">The same in Korean.</param>
/// <param name="MeaningEn">What it means and what to do, in English.</param>
/// <param name="MeaningKo">The same in Korean.</param>
public sealed record ProblemType(string Slug, int Status, string TitleEn, string TitleKo, string MeaningEn, string MeaningKo)
{
    /// <summary>The problem's <c>type</c>, relative to the gateway.</summary>
    public string Uri { get; } = "/problems/" + Slug;
}
