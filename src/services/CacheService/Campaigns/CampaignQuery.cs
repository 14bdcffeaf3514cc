using System.Globalization;
using FirstCome.Contracts.Campaigns;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Http.Extensions;

namespace FirstCome.CacheService.Campaigns;

/// <summary>One question to the list, in the form in which questions that mean the same are equal.</summary>
/// <param name="Text">Normalised by <see cref="Normalise"/>; empty: everything.</param>
/// <param name="Everything">Drafts and rehearsals too: for operators.</param>
internal sealed record CampaignQuery(CampaignState? State, string Text, int Limit, string? After, bool Everything)
{
    public const int TextMax = 100;

    /// <summary>Reads <c>?state=</c> and <c>?query=</c>; what is wrong goes to <paramref name="errors"/>.</summary>
    public static CampaignQuery Read(IQueryCollection parameters, PageRequest page, bool everything, FieldErrors errors)
    {
        CampaignState? state = null;
        if (parameters.TryGetValue("state", out var states))
        {
            state = states.Count == 1 ? StateOf(states[0]) : null;
            if (state is null) { errors.Add("state", "must be one of " + string.Join(", ", Enum.GetNames<CampaignState>().Select(name => name.ToLowerInvariant()))); }
        }
        var text = "";
        if (parameters.TryGetValue("query", out var texts))
        {
            if (texts.Count == 1) { text = RequestText.Clean(texts[0], 0, TextMax, errors, "query"); }
            else { errors.Add("query", "must stand there once"); }
        }
        return new(state, Normalise(text), page.Limit, page.After, everything);
    }

    /// <summary>Case makes no difference to the search, so it makes none to the cache.</summary>
    public static string Normalise(string text) => text.ToLowerInvariant();

    public string ToInternalQuery()
    {
        var query = new QueryBuilder { { "limit", Limit.ToString(CultureInfo.InvariantCulture) }, { "drafts", Everything ? "true" : "false" }, { "rehearsals", Everything ? "true" : "false" } };
        if (State is { } state) { query.Add("state", NameOf(state)); }
        if (Text.Length > 0) { query.Add("query", Text); }
        if (After is not null) { query.Add("after", After); }
        return query.ToQueryString().ToUriComponent();
    }

    private static string NameOf(CampaignState state) => state.ToString().ToLowerInvariant();

    private static CampaignState? StateOf(string? name) => Array.Find(Enum.GetValues<CampaignState>(), state => NameOf(state) == name) is var found && NameOf(found) == name ? found : null;
}
