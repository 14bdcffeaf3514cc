using FirstCome.Contracts.Claims;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Crowd;

namespace FirstCome.Rehearsal.Audit;

/// <summary>One line of the audit.</summary>
internal sealed record AuditLine(string Name, bool Ok, string Detail);

/// <summary>Everything that the audit is made of, as read through the API after the crowd.</summary>
/// <param name="Mine">What <c>claims/me</c> tells each member, in the order of the stories.</param>
/// <param name="IssuedWithin">How long the last coupon may take after the last acceptance.</param>
/// <param name="IssuedAfter">From the last 202 until the last coupon was visible; null where it was not within the limit.</param>
internal sealed record Outcome(
    int Quota, IReadOnlyList<MemberStory> Stories, IReadOnlyList<IReadOnlyList<Claim>> Mine, IReadOnlyList<LedgerClaim> Ledger, IReadOnlyList<long> Gaps, long CountedAccepted, long CouponsMade,
    TimeSpan IssuedWithin, TimeSpan? IssuedAfter);

/// <summary>The rules of a rehearsal. Pure: what was told, against what stands.</summary>
internal static class Audits
{
    public static IReadOnlyList<AuditLine> Judge(Outcome outcome)
    {
        var expected = Math.Min(outcome.Quota, outcome.Stories.Count);
        var told = outcome.Stories.Where(story => story.Told.Any(answer => answer.Claim is not null)).ToList();
        var gaveUp = outcome.Stories.Count(story => story.GaveUp);
        var twice = outcome.Ledger.GroupBy(claim => claim.MemberId).Count(member => member.Count() > 1);
        var numbers = outcome.Ledger.Select(claim => claim.Sequence).Concat(outcome.Gaps).ToHashSet();
        var highest = numbers.Count == 0 ? 0 : numbers.Max();
        var unexplained = highest - numbers.Count;
        var bySequence = outcome.Ledger.ToDictionary(claim => claim.Sequence);
        var lost = told.Count(story => story.Told.Any(answer => answer.Claim is { } claim && !(bySequence.TryGetValue(claim.Sequence, out var row) && row.MemberId == story.Member.MemberId)));
        var differs = outcome.Stories.Zip(outcome.Mine).Count(pair => !SameAsToldLast(pair.First, pair.Second));
        var soldOutButHolds = outcome.Stories.Zip(outcome.Mine).Count(pair => pair.First.Told.Any(answer => answer.Problem == "sold-out") && pair.Second.Count > 0);
        var repeated = told.Where(story => story.Told.Count > 1).ToList();
        var otherAnswer = repeated.Count(story => story.Told.Where(answer => answer.Claim is not null).Select(answer => (answer.Claim!.Sequence, answer.Claim.AcceptedAt)).Distinct().Count() > 1);
        var unexpected = outcome.Stories.SelectMany(story => story.Told).Where(answer => answer.Claim is null && answer.Problem != "sold-out").GroupBy(answer => answer.Problem ?? $"HTTP {answer.Status}").ToList();
        return
        [
            new("accepted = quota exactly", outcome.CountedAccepted == expected && told.Count == expected, $"{outcome.CountedAccepted} counted, {told.Count} told, {expected} expected"),
            new("no member twice", twice == 0, $"{twice} members hold more than one"),
            new("every number is a claim, or a void that a rebuild explains", unexplained == 0, $"highest number {highest}, {outcome.Ledger.Count} claims, {outcome.Gaps.Count} voids, {unexplained} unexplained"),
            new("ledger = accepted", outcome.Ledger.Count == outcome.CountedAccepted && lost == 0, $"{outcome.Ledger.Count} rows, {outcome.CountedAccepted} accepted, {lost} told claims are not in the ledger"),
            new(FormattableString.Invariant($"every 202 has its coupon within {outcome.IssuedWithin.TotalSeconds:0.#} s"), outcome.IssuedAfter is not null && outcome.CouponsMade == outcome.Ledger.Count && outcome.Ledger.All(claim => claim.State == "issued" && claim.CouponCode.Length > 0),
                outcome.IssuedAfter is { } after ? $"{outcome.CouponsMade} coupons, the last {after.TotalMilliseconds:0} ms after the last acceptance" : $"{outcome.CouponsMade} coupons after {outcome.IssuedWithin.TotalSeconds:0.#} s"),
            new("claims/me equals what the member was told last", differs == 0, $"{differs} of {outcome.Stories.Count} members differ"),
            new("nobody who was told \"sold out\" holds a claim", soldOutButHolds == 0, $"{soldOutButHolds} members"),
            new("repeats got the first acceptance again", otherAnswer == 0, $"{repeated.Count} winners asked again, {otherAnswer} were told another claim"),
            new("everybody was told", gaveUp == 0 && unexpected.Count == 0, gaveUp == 0 && unexpected.Count == 0 ? "a claim or \"sold out\", nothing else" : $"{gaveUp} gave up; unexpected: {string.Join(", ", unexpected.Select(group => $"{group.Key} {group.Count()}"))}"),
        ];
    }

    // Answers that crossed each other on the way have no "last" between them: a claim in any of them counts.
    private static bool SameAsToldLast(MemberStory story, IReadOnlyList<Claim> mine)
    {
        var claim = story.Told.LastOrDefault(answer => answer.Claim is not null)?.Claim;
        return claim is null ? mine.Count == 0 || story.GaveUp : mine.Any(held => held.Sequence == claim.Sequence && held.Nth == claim.Nth && held.AcceptedAt == claim.AcceptedAt);
    }
}
