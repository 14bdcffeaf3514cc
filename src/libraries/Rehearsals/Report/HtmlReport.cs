using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using FirstCome.Rehearsal.Crowd;

namespace FirstCome.Rehearsal.Report;

/// <summary>The report as one page that needs nothing else: the audit, the figures, and plots as SVG.</summary>
internal static class HtmlReport
{
    private const int Width = 720, Height = 220, Left = 60, Bottom = 34, Bins = 60, DotsMax = 3_000;

    private const string Style = """
        <style>
        :root{color-scheme:light dark;--ink:#1c2230;--soft:#5b6478;--line:#d5d9e2;--a:#1668c7;--b:#c2541b;--paper:#fff}
        @media(prefers-color-scheme:dark){:root{--ink:#e8ebf2;--soft:#a5adbd;--line:#3a4152;--a:#6aaeff;--b:#f0955f;--paper:#161a22}}
        body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:2rem auto;max-width:46rem;padding:0 1rem}
        table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right}
        .ok td:first-child{color:#17803d}.bad td:first-child{color:#c62828;font-weight:700}svg{width:100%;height:auto}svg text{fill:var(--soft);font-size:12px}.axis{stroke:var(--line)}.a{fill:var(--a)}.b{fill:var(--b)}h2{margin-top:2rem}p.s{color:var(--soft)}
        </style>
        """;

    public static string Write(RehearsalReport report, IReadOnlyList<MemberStory> stories)
    {
        var told = stories.SelectMany(story => story.Told).ToList();
        var start = told.Count == 0 ? 0 : told.Min(answer => answer.SentAt);
        var accepted = told.Where(answer => answer.Claim is not null).ToList();
        var refused = told.Where(answer => answer.Claim is null).ToList();
        double End(Api.ClaimAnswer answer) => (Stopwatch.GetElapsedTime(start, answer.SentAt) + answer.Took).TotalSeconds;
        var rows = string.Concat(report.Audits.Select(audit => $"<tr class=\"{(audit.Ok ? "ok" : "bad")}\"><td>{(audit.Ok ? "✓" : "✗")}</td><td>{Text(audit.Name)}</td><td>{Text(audit.Detail)}</td></tr>"));
        return $"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Rehearsal {report.CampaignId}</title>
            {Style}</head><body>
            <h1>{(report.Ok ? "✓ The audit holds · 감사 통과" : "✗ The audit does not hold · 감사 실패")}</h1>
            <p class="s">{report.Members} members · {report.Quota} coupons · {report.Concurrency} at the same moment{(report.Killed ? " · killed with SIGKILL in the middle and started again" : "")}</p>
            <table>{rows}</table>
            <table><tr><th>Path · 경로</th><th class="n">answers</th><th class="n">per second</th><th class="n">p50 ms</th><th class="n">p90 ms</th><th class="n">p99 ms</th><th class="n">max ms</th></tr>{Row("accepted · 발급", report.Accepted)}{Row("refused · 거절", report.Refused)}</table>
            <p>Asked again after 503, 429 or silence: {report.AskedAgain}. Last coupon visible {(report.IssuedAfterMs is { } ms ? Invariant($"{ms:0} ms") : "not in time")} after the last acceptance.
            Order of numbers against order of sending: {Invariant($"{report.Order.MeanPlaces}")} places apart on average, {report.Order.MaxPlaces} at most.</p>
            <h2>Answers over time · 시간별 응답</h2>{Histogram([.. accepted.Select(End)], [.. refused.Select(End)], "s", logarithmic: false)}
            <h2>Latency · 응답 시간</h2>{Histogram([.. accepted.Select(answer => answer.Took.TotalMilliseconds)], [.. refused.Select(answer => answer.Took.TotalMilliseconds)], "ms", logarithmic: true)}
            <h2>Sent first, served first · 먼저 온 순서</h2>{Scatter(RehearsalReport.Winners(stories))}
            <p class="s"><span style="color:var(--a)">■</span> accepted · 발급 &nbsp; <span style="color:var(--b)">■</span> refused · 거절</p></body></html>
            """;
    }

    private static string Row(string name, PathFigures path) => Invariant($"<tr><td>{name}</td><td class=\"n\">{path.Count}</td><td class=\"n\">{path.PerSecond}</td><td class=\"n\">{path.P50Ms}</td><td class=\"n\">{path.P90Ms}</td><td class=\"n\">{path.P99Ms}</td><td class=\"n\">{path.MaxMs}</td></tr>");

    private static string Histogram(IReadOnlyList<double> accepted, IReadOnlyList<double> refused, string unit, bool logarithmic)
    {
        if (accepted.Count + refused.Count == 0) { return ""; }
        var low = logarithmic ? Math.Max(0.1, accepted.Concat(refused).Min()) : 0;
        var high = Math.Max(accepted.Concat(refused).Max(), low * 1.01 + 0.001);
        double Part(double value) => logarithmic ? Math.Log(Math.Max(value, low) / low) / Math.Log(high / low) : value / high;
        double Value(double part) => logarithmic ? low * Math.Pow(high / low, part) : part * high;
        int[] Count(IReadOnlyList<double> values)
        {
            var counts = new int[Bins];
            foreach (var value in values) { counts[Math.Clamp((int)(Part(value) * Bins), 0, Bins - 1)]++; }
            return counts;
        }
        var (a, b) = (Count(accepted), Count(refused));
        var top = Math.Max(1, a.Zip(b, (one, other) => one + other).Max());
        var svg = Open("histogram");
        var width = (double)(Width - Left) / Bins;
        for (var bin = 0; bin < Bins; bin++)
        {
            var (x, ha, hb) = (Left + (bin * width), (double)(Height - Bottom - 10) * a[bin] / top, (double)(Height - Bottom - 10) * b[bin] / top);
            if (a[bin] > 0) { svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"a\" x=\"{x:0.#}\" y=\"{Height - Bottom - ha:0.#}\" width=\"{width - 1:0.#}\" height=\"{ha:0.#}\"/>"); }
            if (b[bin] > 0) { svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"b\" x=\"{x:0.#}\" y=\"{Height - Bottom - ha - hb:0.#}\" width=\"{width - 1:0.#}\" height=\"{hb:0.#}\"/>"); }
        }
        return Close(svg, part => Invariant($"{Value(part):0.##} {unit}"), part => Invariant($"{part * top:0}"));
    }

    private static string Scatter(IReadOnlyList<(long SentAt, long Sequence)> winners)
    {
        if (winners.Count == 0) { return ""; }
        var (order, highest) = (winners.OrderBy(winner => winner.SentAt).ToList(), winners.Max(winner => winner.Sequence));
        var step = Math.Max(1, order.Count / DotsMax);
        var svg = Open("scatter");
        for (var place = 0; place < order.Count; place += step)
        {
            var (x, y) = (Left + ((double)(Width - Left) * place / order.Count), Height - Bottom - ((double)(Height - Bottom - 10) * order[place].Sequence / highest));
            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"a\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"1.2\"/>");
        }
        return Close(svg, part => Invariant($"{part * order.Count:0}th sent"), part => Invariant($"#{part * highest:0}"));
    }

    private static StringBuilder Open(string name) => new($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{name}\">");

    private static string Close(StringBuilder svg, Func<double, string> x, Func<double, string> y)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"axis\" fill=\"none\" d=\"M{Left} 10V{Height - Bottom}H{Width}\"/>");
        foreach (var part in (double[])[0, 0.25, 0.5, 0.75, 1])
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left + ((Width - Left) * part):0}\" y=\"{Height - 14}\" text-anchor=\"{(part == 0 ? "start" : part == 1 ? "end" : "middle")}\">{Text(x(part))}</text>");
        }
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"20\" text-anchor=\"end\">{Text(y(1))}</text><text x=\"{Left - 6}\" y=\"{Height - Bottom}\" text-anchor=\"end\">{Text(y(0))}</text></svg>");
        return svg.ToString();
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
