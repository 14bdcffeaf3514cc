using System.Diagnostics;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Crowd;

namespace FirstCome.Rehearsal.Report;

/// <summary>Answers counted by a measure: bar <c>i</c> holds what lies from <c>Edges[i]</c> up to <c>Edges[i + 1]</c>.</summary>
internal sealed record Histogram(IReadOnlyList<double> Edges, IReadOnlyList<int> Accepted, IReadOnlyList<int> Refused);

/// <summary>What a report draws, small whatever the crowd was.</summary>
/// <param name="OverTime">Final answers by the seconds since the first was asked for.</param>
/// <param name="Latency">Final answers by the milliseconds that they took; the bars are equally wide on a logarithmic scale.</param>
internal sealed record Plots(Histogram OverTime, Histogram Latency)
{
    private const int Bars = 24;
    private const double LeastMs = 0.1;

    public static Plots Of(IReadOnlyList<MemberStory> stories)
    {
        var told = stories.SelectMany(story => story.Told).ToList();
        var start = told.Select(answer => answer.SentAt).DefaultIfEmpty().Min();
        return new(
            Count(told, answer => (Stopwatch.GetElapsedTime(start, answer.SentAt) + answer.Took).TotalSeconds, logarithmic: false),
            Count(told, answer => Math.Max(LeastMs, answer.Took.TotalMilliseconds), logarithmic: true));
    }

    private static Histogram Count(List<ClaimAnswer> told, Func<ClaimAnswer, double> measure, bool logarithmic)
    {
        if (told.Count == 0) { return new([], [], []); }
        var (low, high) = (logarithmic ? told.Min(measure) : 0, told.Max(measure));
        if (high <= low) { high = (low * 1.01) + 0.001; }
        double Edge(int bar) => logarithmic ? low * Math.Pow(high / low, (double)bar / Bars) : high * bar / Bars;
        int Bar(double value) => Math.Clamp((int)(Bars * (logarithmic ? Math.Log(value / low) / Math.Log(high / low) : value / high)), 0, Bars - 1);
        var (accepted, refused) = (new int[Bars], new int[Bars]);
        foreach (var answer in told) { (answer.Claim is not null ? accepted : refused)[Bar(measure(answer))]++; }
        return new([.. Enumerable.Range(0, Bars + 1).Select(bar => Math.Round(Edge(bar), 3))], accepted, refused);
    }
}
