using System.Globalization;

namespace FirstCome.Rehearsal;

/// <summary>What the command line asked for.</summary>
internal sealed record RehearsalOptions : RehearsalPlan
{
    /// <summary>The gateway; null with <see cref="Standalone"/>.</summary>
    public Uri Url { get; init; } = new("http://127.0.0.1:8080");

    /// <summary>The operator's e-mail; null: the demo account.</summary>
    public string? Operator { get; init; }

    /// <summary>The data folder of a running system, where its demo accounts stand.</summary>
    public string Data { get; init; } = ".data";

    public string? Json { get; init; }

    public string? Html { get; init; }

    /// <summary>Starts a system of its own in a temporary folder.</summary>
    public bool Standalone { get; init; }

    /// <summary>With <see cref="Standalone"/>: kills that system so long after the opening, and starts it again.</summary>
    public TimeSpan? KillAfter { get; init; }

    /// <summary>A shell command, run once when a fifth of the members have been told: for what is to go wrong in the middle.</summary>
    public string? During { get; init; }

    /// <inheritdoc/>
    public override bool Killed => KillAfter is not null;

    public const string Usage = """
        ./run rehearse [options]      plays the crowd against a running system and audits the outcome
          --members N                 synthetic members (20000)
          --quota N                   coupons (5000)
          --concurrency N             requests at the same moment (256)
          --repeats F                 part of the members that ask more than once (0.05)
          --url URL                   the gateway (http://127.0.0.1:8080)
          --data FOLDER               where the running system's demo-accounts.json stands (.data)
          --operator EMAIL            an operator's account; its password from FIRSTCOME_OPERATOR_PASSWORD or a prompt
          --json FILE, --html FILE    the report as JSON, as a page with plots
          --issued-within TIME        how long the last coupon may take after the last acceptance (10s), at most 60s
          --during COMMAND            runs a shell command once a fifth of the members have been told, as a drill of what may go wrong
          --standalone                starts a system of its own in a temporary folder
          --kill-after TIME           with --standalone: kills it with SIGKILL so long after the opening, and starts it again (1s, 500ms)
        """;

    /// <summary>Reads the arguments; the error is one sentence.</summary>
    public static (RehearsalOptions? Options, string? Error) Parse(IReadOnlyList<string> arguments)
    {
        var options = new RehearsalOptions();
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            if (name == "--standalone") { options = options with { Standalone = true }; continue; }
            if (i + 1 >= arguments.Count) { return (null, $"{name} is unknown or lacks its value."); }
            var (next, error) = options.With(name, arguments[++i]);
            if (next is null) { return (null, error); }
            options = next;
        }
        return options.KillAfter is not null && !options.Standalone ? (null, "--kill-after needs --standalone: it kills only a system that it has started itself.") : (options, null);
    }

    private (RehearsalOptions? Options, string? Error) With(string name, string value) => name switch
    {
        "--members" => Number(name, value, 1, MembersMax, number => this with { Members = number }),
        "--quota" => Number(name, value, 1, 10_000_000, number => this with { Quota = number }),
        "--concurrency" => Number(name, value, 1, 2_000, number => this with { Concurrency = number }),
        "--repeats" => double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var part) && part <= 1
            ? (this with { Repeats = part }, null) : (null, $"--repeats must be between 0 and 1, but is {value}."),
        "--url" => Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? (this with { Url = url }, null) : (null, $"--url must be an http or https address, but is {value}."),
        "--operator" => (this with { Operator = value }, null),
        "--data" => (this with { Data = value }, null),
        "--issued-within" => Duration(value) is { } within ? (this with { IssuedWithin = within }, null) : (null, $"--issued-within must be a time such as 20s, at most 60s, but is {value}."),
        "--during" => (this with { During = value }, null),
        "--json" => (this with { Json = value }, null),
        "--html" => (this with { Html = value }, null),
        "--kill-after" => Duration(value) is { } after ? (this with { KillAfter = after }, null) : (null, $"--kill-after must be a time such as 1s or 500ms, at most 60s, but is {value}."),
        _ => (null, $"{name} is unknown; --help tells the options."),
    };

    private static (RehearsalOptions?, string?) Number(string name, string value, int minimum, int maximum, Func<int, RehearsalOptions> take) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum
            ? (take(number), null) : (null, $"{name} must be between {minimum} and {maximum}, but is {value}.");

    private static TimeSpan? Duration(string value)
    {
        var (digits, unit) = value.EndsWith("ms", StringComparison.Ordinal) ? (value[..^2], 1) : value.EndsWith('s') ? (value[..^1], 1_000) : ("", 0);
        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number * unit is > 0 and <= 60_000 ? TimeSpan.FromMilliseconds(number * unit) : null;
    }
}
