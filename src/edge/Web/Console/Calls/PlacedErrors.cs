namespace FirstCome.Web.Console.Calls;

/// <summary>Where a service's errors belong: each at its field, or, where the form shows no such field, in a list of their own. None is left out.</summary>
internal static class PlacedErrors
{
    /// <summary>Shares out what a service found wrong: <c>benefit.amount.minor</c> goes to <c>benefit.amount</c>, <c>audience[1].anyOf[3]</c> to <c>audience[1].anyOf</c>.</summary>
    /// <param name="shown">The fields of the form that can tell an error, by the API's names.</param>
    /// <param name="otherwise">The field of the form that stands for another one of the API; null where it is no special one.</param>
    public static (Dictionary<string, string> AtFields, Dictionary<string, string[]> Elsewhere) Of(
        IReadOnlyDictionary<string, string[]> errors, IReadOnlySet<string> shown, Func<string, string?>? otherwise = null)
    {
        var (atFields, elsewhere) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string[]>(StringComparer.Ordinal));
        foreach (var (field, words) in errors)
        {
            if ((otherwise?.Invoke(field) ?? Nearest(field, shown)) is not { } place) { elsewhere[field] = words; continue; }
            var told = string.Join(" ", words);
            atFields[place] = atFields.TryGetValue(place, out var before) ? $"{before} {told}" : told;
        }
        return (atFields, elsewhere);
    }

    private static string? Nearest(string field, IReadOnlySet<string> shown)
    {
        for (var place = field; place.Length > 0; place = place[..Math.Max(place.LastIndexOfAny(['.', '[']), 0)])
        {
            if (shown.Contains(place)) { return place; }
        }
        return null;
    }
}
