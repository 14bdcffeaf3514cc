using System.Globalization;
using FirstCome.Contracts.Problems;
using Microsoft.AspNetCore.Http;

namespace FirstCome.ServiceDefaults;

/// <summary>Versions of objects as strong entity tags: <c>ETag: "7"</c>, <c>If-Match: "7"</c>.</summary>
public static class EntityTag
{
    /// <summary>Tells the version of what is answered.</summary>
    public static void Set(HttpResponse response, long version) => response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>
    /// Compares <c>If-Match</c> with the version that stands. Null: go on. Otherwise the refusal: 428 where it is required and missing, 412 where the version has moved, 400 where it is no entity tag.
    /// <c>If-Match: *</c> matches whatever stands.
    /// </summary>
    public static IResult? Check(HttpRequest request, long version, bool required)
    {
        var header = request.Headers.IfMatch;
        if (header.Count == 0) { return required ? Problems.Result(ProblemTypes.PreconditionRequired, "Send If-Match with the ETag of the version that this change is based on.") : null; }
        var text = header.ToString();
        if (text == "*") { return null; }
        var found = false;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            // If-Match compares strongly: a weak tag never matches, though it is well formed.
            var weak = part.StartsWith("W/", StringComparison.Ordinal);
            var tag = weak ? part[2..] : part;
            if (text.Length > 256 || tag.Length < 2 || tag[0] != '"' || tag[^1] != '"' || tag.AsSpan(1, tag.Length - 2).Contains('"'))
            {
                var errors = new FieldErrors();
                errors.Add("If-Match", "must be an entity tag in quotes, for instance \"7\", as ETag gave it");
                return errors.ToResult();
            }
            found |= !weak && long.TryParse(tag.AsSpan(1, tag.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var expected) && expected == version;
        }
        return found ? null : Problems.Result(ProblemTypes.PreconditionFailed, string.Create(CultureInfo.InvariantCulture, $"The version is \"{version}\" now."));
    }
}
