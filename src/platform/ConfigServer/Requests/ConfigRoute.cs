using System.Text.RegularExpressions;
using FirstCome.ConfigServer.Environments;
using FirstCome.ConfigServer.TextFormats;
using Microsoft.AspNetCore.Http.Features;

namespace FirstCome.ConfigServer.Requests;

internal abstract record ConfigRoute
{
    private const int SegmentLengthMax = 512;
    private const int SegmentsMax = 40;
    private const int NamesMax = 16;

    private static readonly ConfigRoute NotFound = new RefusedRoute(StatusCodes.Status404NotFound, Explained: true);
    private static readonly ConfigRoute MissingFile = new RefusedRoute(StatusCodes.Status404NotFound, Explained: false);
    private static readonly ConfigRoute BadRequest = new RefusedRoute(StatusCodes.Status400BadRequest, Explained: true);

    /// <summary>
    /// Reads the path as it was sent. The framework's path has <c>..</c> and <c>//</c> already taken away, by which a bad request would become
    /// a good one for something else.
    /// </summary>
    public static ConfigRoute Of(HttpContext context)
    {
        var segments = RawPath(context).Split('/').Skip(1).ToArray();
        if (segments.Length > SegmentsMax)
            return BadRequest;
        for (var i = 0; i < segments.Length; i++)
        {
            // What follows a semicolon are path parameters, which are not part of a name.
            var decoded = Uri.UnescapeDataString(segments[i].Split(';')[0]);
            if (decoded.Length > SegmentLengthMax || decoded.Any(character => character is '/' or '\\' || char.IsControl(character)))
                return BadRequest;
            segments[i] = decoded;
        }
        return segments.Length switch
        {
            1 => Text(segments[0], label: null),
            2 when TextFormatOf(segments[1]) is not null => Text(segments[1], segments[0]),
            2 => Environment(segments[0], segments[1], label: null),
            3 when context.Request.Query.ContainsKey("useDefaultLabel") => File(segments[0], segments[1], label: null, segments[2]),
            3 => Environment(segments[0], segments[1], segments[2]),
            _ => File(segments[0], segments[1], segments[2], string.Join('/', segments.Skip(3))),
        };
    }

    public static string RawPath(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return target.StartsWith('/') ? target.Split('?')[0] : context.Request.Path.ToUriComponent();
    }

    public static bool ResolvesPlaceholders(HttpRequest request) => !string.Equals(request.Query["resolvePlaceholders"], "false", StringComparison.OrdinalIgnoreCase);

    private static ConfigRoute Environment(string application, string profiles, string? label)
        => Check(application, profiles, label, out var query) ?? new EnvironmentRoute(query);

    private static ConfigRoute File(string application, string profiles, string? label, string path)
        => Check(application, profiles, label, out var query) switch
        {
            null => new FileRoute(query, path),
            RefusedRoute { Status: StatusCodes.Status404NotFound } => MissingFile,
            var refused => refused,
        };

    private static ConfigRoute Text(string fileName, string? label)
    {
        if (TextFormatOf(fileName) is not { } format)
            return NotFound;
        var stem = fileName[..fileName.LastIndexOf('.')];
        var hyphen = stem.LastIndexOf('-');
        if (hyphen <= 0)
            return NotFound;
        return Check(stem[..hyphen], stem[(hyphen + 1)..], label, out var query) ?? new TextRoute(query, format);
    }

    private static TextFormat? TextFormatOf(string fileName) => Path.GetExtension(fileName) switch
    {
        ".yml" or ".yaml" => TextFormat.Yaml,
        ".properties" => TextFormat.Properties,
        ".json" => TextFormat.Json,
        _ => null,
    };

    /// <summary>What is wrong with the names, or null. Profiles follow Spring Boot's rule: letters and digits of any script, <c>-_.+@</c> inside.</summary>
    private static ConfigRoute? Check(string application, string profiles, string? label, out EnvironmentQuery query)
    {
        query = new EnvironmentQuery(Slashed(application), profiles, label is null ? null : Slashed(label));
        if (application.Length == 0 || profiles.Length == 0 || label?.Length == 0)
            return NotFound;
        if (IsForbidden(query.Application) || query.Label is { } asked && IsForbidden(asked))
            return BadRequest;
        if (query.Application.Contains('*', StringComparison.Ordinal) || !profiles.Split(',').All(profile => ProfileName.Instance.IsMatch(profile)))
            return NotFound;
        return TooMany(query.Application) || TooMany(profiles) || TooMany(query.Label ?? "") ? BadRequest : null;
    }

    private static string Slashed(string name) => name.Replace("(_)", "/", StringComparison.Ordinal);

    private static bool IsForbidden(string name) => name.Contains("..", StringComparison.Ordinal) || name.Contains('#', StringComparison.Ordinal);

    private static bool TooMany(string names) => names.Count(character => character == ',') >= NamesMax;
}

/// <summary>A question for settings of an application.</summary>
internal abstract record QueryRoute(EnvironmentQuery Query) : ConfigRoute;

internal sealed record EnvironmentRoute(EnvironmentQuery Query) : QueryRoute(Query);

internal sealed record TextRoute(EnvironmentQuery Query, TextFormat Format) : QueryRoute(Query);

internal sealed record FileRoute(EnvironmentQuery Query, string Path) : QueryRoute(Query);

/// <param name="Explained">False for a missing file, whose answer has no body.</param>
internal sealed record RefusedRoute(int Status, bool Explained) : ConfigRoute;

internal static partial class ProfileName
{
    public static Regex Instance { get; } = Pattern();

    [GeneratedRegex(@"^[\p{L}\p{Nd}](?:[\p{L}\p{Nd}\-_.+@]*[\p{L}\p{Nd}])?$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
