using System.Buffers.Text;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace FirstCome.ServiceDefaults;

/// <summary>A page of a list.</summary>
/// <param name="Items">What is on it.</param>
/// <param name="Next">Opaque: give it as <c>after</c> to get the next page; null at the end.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next);

/// <summary>What part of a list is asked for; bound from <c>?limit=</c> and <c>?after=</c>. Wrong values are a 400 that names them.</summary>
/// <param name="Limit">1 to 200; default 50.</param>
/// <param name="After">A page's <c>next</c>, or null for the first page.</param>
public sealed record PageRequest(int Limit, string? After) : IBindableFromHttpContext<PageRequest>
{
    public const int LimitDefault = 50, LimitMax = 200, AfterLengthMax = 1_024;

    public static ValueTask<PageRequest?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var errors = new FieldErrors();
        var limit = LimitDefault;
        var query = context.Request.Query;
        if (query.TryGetValue("limit", out var limits) && (limits.Count != 1 || !int.TryParse(limits[0], NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > LimitMax))
        {
            errors.Add("limit", $"must be between 1 and {LimitMax}");
        }
        string? after = null;
        if (query.TryGetValue("after", out var afters))
        {
            after = afters.Count == 1 && afters[0] is { Length: > 0 and <= AfterLengthMax } value ? value : null;
            if (after is null) { errors.Add("after", Cursor.Rule); }
        }
        return errors.Any ? throw new InvalidRequestException(errors) : ValueTask.FromResult<PageRequest?>(new PageRequest(limit, after));
    }

    /// <summary>
    /// Reads <see cref="After"/> as a cursor of so many parts. True with <paramref name="parts"/> null on the first page; false, and the refusal, where it is not one of ours.
    /// </summary>
    public bool TryDecodeAfter(int count, out string[]? parts, FieldErrors errors)
    {
        parts = null;
        if (After is null) { return true; }
        if (Cursor.TryDecode(After, count, out var decoded)) { parts = decoded; return true; }
        errors.Add("after", Cursor.Rule);
        return false;
    }
}

/// <summary>Opaque positions in a list: the sort key of the last item, so that pages stay right while the list grows.</summary>
public static class Cursor
{
    /// <summary>What is told when a cursor is none of ours.</summary>
    public const string Rule = "must be the \"next\" of an earlier page, unchanged";

    private const int LengthMax = PageRequest.AfterLengthMax;

    /// <summary>Packs texts into one that is safe in a URL.</summary>
    public static string Encode(params string[] parts) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(parts));

    /// <summary>Unpacks what <see cref="Encode"/> made; false for anything else. The parts are outside input still.</summary>
    public static bool TryDecode(string? text, int count, out string[] parts)
    {
        parts = [];
        if (text is null or { Length: 0 or > LengthMax } || !Base64Url.IsValid(text)) { return false; }
        try
        {
            var decoded = JsonSerializer.Deserialize<string?[]>(Base64Url.DecodeFromChars(text));
            if (decoded is null || decoded.Length != count || Array.IndexOf(decoded, null) >= 0) { return false; }
            parts = decoded!;
            return true;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or DecoderFallbackException) { return false; }
    }
}
