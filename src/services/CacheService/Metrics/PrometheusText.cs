using System.Globalization;
using System.Text;

namespace FirstCome.CacheService.Metrics;

/// <summary>One line of a metrics page: <paramref name="Labels"/> in the order of the page.</summary>
internal readonly record struct MetricSample(string Name, IReadOnlyList<KeyValuePair<string, string>> Labels, double Value)
{
    public string? Label(string name)
    {
        foreach (var (key, value) in Labels)
        {
            if (key == name) { return value; }
        }
        return null;
    }
}

/// <summary>
/// Reads the Prometheus text format (0.0.4, and OpenMetrics as far as samples go). Timestamps, exemplars and comments are passed over; so is a line that is
/// not of the format, as one odd line must not hide the others.
/// </summary>
internal static class PrometheusText
{
    private const int LabelsMax = 32;

    /// <summary>The samples whose name is wanted, up to <paramref name="samplesMax"/>.</summary>
    public static List<MetricSample> Parse(ReadOnlySpan<char> page, Func<string, bool> wanted, int samplesMax)
    {
        var samples = new List<MetricSample>();
        foreach (var line in page.EnumerateLines())
        {
            if (samples.Count >= samplesMax) { break; }
            if (TryParse(line.Trim(), wanted, out var sample)) { samples.Add(sample); }
        }
        return samples;
    }

    private static bool TryParse(ReadOnlySpan<char> line, Func<string, bool> wanted, out MetricSample sample)
    {
        sample = default;
        var end = line.IndexOfAny('{', ' ', '\t');
        if (end <= 0 || line[0] == '#') { return false; }
        var name = line[..end].ToString();
        if (!wanted(name)) { return false; }

        var rest = line[end..];
        var labels = new List<KeyValuePair<string, string>>();
        if (rest[0] == '{' && !TryReadLabels(ref rest, labels)) { return false; }

        rest = rest.TrimStart();
        var valueEnd = rest.IndexOfAny(' ', '\t');
        if (!TryReadValue(valueEnd < 0 ? rest : rest[..valueEnd], out var value)) { return false; }
        sample = new(name, labels, value);
        return true;
    }

    // {name="value",other="va\"lue",}
    private static bool TryReadLabels(ref ReadOnlySpan<char> rest, List<KeyValuePair<string, string>> labels)
    {
        rest = rest[1..].TrimStart();
        while (!rest.IsEmpty && rest[0] != '}')
        {
            var equals = rest.IndexOf('=');
            if (equals <= 0 || labels.Count == LabelsMax) { return false; }
            var name = rest[..equals].Trim().ToString();
            rest = rest[(equals + 1)..].TrimStart();
            if (!TryReadQuoted(ref rest, out var value)) { return false; }
            labels.Add(new(name, value));
            rest = rest.TrimStart();
            if (!rest.IsEmpty && rest[0] == ',') { rest = rest[1..].TrimStart(); }
            else if (rest.IsEmpty || rest[0] != '}') { return false; }
        }
        if (rest.IsEmpty) { return false; }
        rest = rest[1..];
        return true;
    }

    private static bool TryReadQuoted(ref ReadOnlySpan<char> rest, out string value)
    {
        value = "";
        if (rest.IsEmpty || rest[0] != '"') { return false; }
        var text = new StringBuilder();
        for (var i = 1; i < rest.Length; i++)
        {
            switch (rest[i])
            {
                case '"':
                    value = text.ToString();
                    rest = rest[(i + 1)..];
                    return true;
                case '\\' when i + 1 < rest.Length:
                    i++;
                    text.Append(rest[i] == 'n' ? '\n' : rest[i]);
                    break;
                default:
                    text.Append(rest[i]);
                    break;
            }
        }
        return false;
    }

    private static bool TryReadValue(ReadOnlySpan<char> text, out double value)
    {
        switch (text)
        {
            case "+Inf" or "Inf":
                value = double.PositiveInfinity;
                return true;
            case "-Inf":
                value = double.NegativeInfinity;
                return true;
            case "NaN":
                value = double.NaN;
                return true;
            default:
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
        }
    }
}
