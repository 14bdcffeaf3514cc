using System.Diagnostics;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Audit;
using FirstCome.Rehearsal.Crowd;

namespace FirstCome.Rehearsal.Report;

/// <summary>One path's figures: requests that ended in an answer of this kind.</summary>
internal sealed record PathFigures(int Count, double PerSecond, double P50Ms, double P90Ms, double P99Ms, double MaxMs)
{
    public static PathFigures Of(IReadOnlyList<(long SentAt, TimeSpan Took)> requests)
    {
        if (requests.Count == 0) { return new(0, 0, 0, 0, 0, 0); }
        var sorted = requests.Select(request => request.Took.TotalMilliseconds).Order().ToList();
        var first = requests.Min(request => request.SentAt);
        var span = requests.Max(request => Stopwatch.GetElapsedTime(first, request.SentAt) + request.Took).TotalSeconds;
        double At(double part) => Math.Round(sorted[Math.Min(sorted.Count - 1, (int)(part * sorted.Count))], 2);
        return new(requests.Count, Math.Round(requests.Count / Math.Max(span, 0.001), 1), At(0.5), At(0.9), At(0.99), Math.Round(sorted[^1], 2));
    }
}

/// <summary>How far the order of the numbers and the order of the sendings differ, over the winners.</summary>
/// <param name="MeanPlaces">How many places a winner stands from where the sending would put it, on average.</param>
internal sealed record OrderFigures(double MeanPlaces, int MaxPlaces, int Winners)
{
    public static OrderFigures Of(IReadOnlyList<(long SentAt, long Sequence)> winners)
    {
        if (winners.Count == 0) { return new(0, 0, 0); }
        var bySending = winners.OrderBy(winner => winner.SentAt).Select((winner, place) => (winner.Sequence, Place: place)).OrderBy(winner => winner.Sequence).ToList();
        var apart = bySending.Select((winner, place) => Math.Abs(winner.Place - place)).ToList();
        return new(Math.Round(apart.Average(), 1), apart.Max(), winners.Count);
    }
}

/// <summary>What the crowd met where it was not told yet, and how long nobody was told anything.</summary>
/// <param name="Answers">503 and 429.</param>
/// <param name="WithoutRetryAfter">Those of them that did not say when to ask again.</param>
/// <param name="SlowestMs">The slowest of them.</param>
/// <param name="Silences">Requests without any answer: connections refused or cut.</param>
/// <param name="LongestSilenceMs">The longest time of any of these.</param>
/// <param name="LongestGapMs">The longest time between two final answers, to whomever: what the crowd saw of an outage.</param>
internal sealed record WithheldFigures(int Answers, int WithoutRetryAfter, double SlowestMs, int Silences, double LongestSilenceMs, double LongestGapMs)
{
    public static WithheldFigures Of(IReadOnlyList<MemberStory> stories)
    {
        var withheld = stories.SelectMany(story => story.Withheld).ToList();
        var (answers, silences) = (withheld.Where(answer => answer.Status != 0).ToList(), withheld.Where(answer => answer.Status == 0).ToList());
        var ends = stories.SelectMany(story => story.Told).Select(answer => answer.SentAt + (long)(answer.Took.TotalSeconds * Stopwatch.Frequency)).Order().ToList();
        var gap = ends.Zip(ends.Skip(1), (earlier, later) => Stopwatch.GetElapsedTime(earlier, later)).DefaultIfEmpty().Max();
        return new(answers.Count, answers.Count(answer => !answer.SaidWhen), Slowest(answers), silences.Count, Slowest(silences), Math.Round(gap.TotalMilliseconds, 1));
    }

    private static double Slowest(IEnumerable<ClaimAnswer> answers) => Math.Round(answers.Select(answer => answer.Took.TotalMilliseconds).DefaultIfEmpty().Max(), 1);
}

/// <summary>The whole report; also the shape of <c>--json</c>.</summary>
internal sealed record RehearsalReport(
    bool Ok, Guid CampaignId, int Members, int Quota, int Concurrency, double Repeats, bool Killed, IReadOnlyList<AuditLine> Audits, PathFigures Accepted, PathFigures Refused, int AskedAgain, WithheldFigures Withheld,
    double? IssuedAfterMs, double CrowdMs, OrderFigures Order)
{
    public static RehearsalReport Of(RehearsalPlan options, Guid campaign, Outcome outcome, IReadOnlyList<AuditLine> audits, TimeSpan crowd)
    {
        var told = outcome.Stories.SelectMany(story => story.Told).ToList();
        return new(
            audits.All(audit => audit.Ok), campaign, options.Members, options.Quota, options.Concurrency, options.Repeats, options.Killed, audits,
            PathFigures.Of([.. told.Where(answer => answer.Claim is not null).Select(answer => (answer.SentAt, answer.Took))]),
            PathFigures.Of([.. told.Where(answer => answer.Claim is null).Select(answer => (answer.SentAt, answer.Took))]),
            outcome.Stories.Sum(story => story.Withheld.Count), WithheldFigures.Of(outcome.Stories), outcome.IssuedAfter?.TotalMilliseconds, crowd.TotalMilliseconds, OrderFigures.Of(Winners(outcome.Stories)));
    }

    /// <summary>The first acceptance of each winner.</summary>
    public static IReadOnlyList<(long SentAt, long Sequence)> Winners(IReadOnlyList<MemberStory> stories) =>
        [.. stories.Select(story => story.Told.FirstOrDefault(answer => answer.Claim is not null)).Where(answer => answer is not null).Select(answer => (answer!.SentAt, answer.Claim!.Sequence))];
}
