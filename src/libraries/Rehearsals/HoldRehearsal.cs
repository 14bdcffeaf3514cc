using System.Diagnostics;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Audit;
using FirstCome.Rehearsal.Crowd;
using FirstCome.Rehearsal.Report;

namespace FirstCome.Rehearsal;

/// <summary>From the campaign to the report.</summary>
/// <param name="progress">Told every step as it goes on, from several threads at once.</param>
/// <param name="meanwhile">Runs beside the crowd from the opening on, and is awaited after it: a kill, for instance.</param>
internal sealed class HoldRehearsal(RehearsalPlan options, GatewayClient gateway, Action<RehearsalProgress> progress, Func<CancellationToken, Task>? meanwhile = null)
{
    private static readonly TimeSpan s_untilOpening = TimeSpan.FromSeconds(2);

    public async Task<(RehearsalReport Report, IReadOnlyList<MemberStory> Stories)> RunAsync(CancellationToken cancellationToken)
    {
        var campaign = await gateway.CreateCampaignAsync(options.Quota, cancellationToken);
        Tell(RehearsalPhase.Tokens, 0, options.Members);
        var members = await gateway.CreateMembersAsync(campaign, options.Members, done => Tell(RehearsalPhase.Tokens, done, options.Members), cancellationToken);

        Tell(RehearsalPhase.Opening, 0, 1);
        var opensAt = await gateway.ScheduleAsync(campaign, s_untilOpening, cancellationToken);
        // A timer may end a little early.
        while (opensAt - DateTimeOffset.UtcNow is { Ticks: > 0 } wait) { await Task.Delay(wait + TimeSpan.FromMilliseconds(1), cancellationToken); }
        Tell(RehearsalPhase.Opening, 1, 1);

        Tell(RehearsalPhase.Claims, 0, options.Members);
        var started = Stopwatch.GetTimestamp();
        var beside = meanwhile?.Invoke(cancellationToken) ?? Task.CompletedTask;
        var stories = await new CrowdPlay(gateway, campaign, options, done => Tell(RehearsalPhase.Claims, done, options.Members)).RunAsync(members, cancellationToken);
        var crowd = Stopwatch.GetElapsedTime(started);
        await beside;

        Tell(RehearsalPhase.Coupons, 0, 1);
        var (ledger, issuedAfter) = await AwaitCouponsAsync(campaign, stories, cancellationToken);
        Tell(RehearsalPhase.Coupons, 1, 1);

        Tell(RehearsalPhase.Audit, 0, options.Members);
        var mine = await AskAllAsync(campaign, members, done => Tell(RehearsalPhase.Audit, done, options.Members), cancellationToken);
        var counts = await gateway.CountsAsync(campaign, cancellationToken);
        var outcome = new Outcome(
            options.Quota, stories, mine, ledger, await gateway.GapsAsync(campaign, cancellationToken), counts["accepted"]!.GetValue<long>(), await CouponsMadeAsync(campaign, cancellationToken), options.IssuedWithin, issuedAfter);
        return (RehearsalReport.Of(options, campaign, outcome, Audits.Judge(outcome), crowd), stories);
    }

    private void Tell(RehearsalPhase phase, int done, int total) => progress(new RehearsalProgress(phase, done, total));

    private async Task<(IReadOnlyList<LedgerClaim> Ledger, TimeSpan? IssuedAfter)> AwaitCouponsAsync(Guid campaign, IReadOnlyList<MemberStory> stories, CancellationToken cancellationToken)
    {
        var winners = stories.Count(story => story.Told.Any(answer => answer.Claim is not null));
        var lastAcceptance = stories.SelectMany(story => story.Told).Where(answer => answer.Claim is not null).Select(answer => answer.SentAt + (long)(answer.Took.TotalSeconds * Stopwatch.Frequency)).DefaultIfEmpty(Stopwatch.GetTimestamp()).Max();
        while (true)
        {
            var visible = await CouponsMadeAsync(campaign, cancellationToken) >= winners;
            var after = Stopwatch.GetElapsedTime(lastAcceptance);
            if (visible || after > options.IssuedWithin) { return (await gateway.LedgerAsync(campaign, cancellationToken), visible ? after : null); }
            await Task.Delay(50, cancellationToken);
        }
    }

    private async Task<long> CouponsMadeAsync(Guid campaign, CancellationToken cancellationToken)
    {
        var coupons = (await gateway.ReconciliationAsync(campaign, cancellationToken))["coupons"];
        return coupons is null ? 0 : coupons.AsObject().Sum(state => state.Value!.GetValue<long>());
    }

    private async Task<IReadOnlyList<Contracts.Claims.Claim>[]> AskAllAsync(Guid campaign, List<SyntheticMember> members, Action<int> progress, CancellationToken cancellationToken)
    {
        var mine = new IReadOnlyList<Contracts.Claims.Claim>[members.Count];
        var done = 0;
        await Parallel.ForAsync(0, members.Count, new ParallelOptions { MaxDegreeOfParallelism = Math.Min(64, options.Concurrency), CancellationToken = cancellationToken }, async (index, token) =>
        {
            mine[index] = await gateway.MyClaimsAsync(campaign, members[index], token);
            if (Interlocked.Increment(ref done) is var count && count % 100 == 0) { progress(count); }
        });
        progress(done);
        return mine;
    }
}
