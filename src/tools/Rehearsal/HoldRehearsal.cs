using System.Diagnostics;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Audit;
using FirstCome.Rehearsal.Crowd;
using FirstCome.Rehearsal.Report;
using FirstCome.Rehearsal.Standalone;
using Spectre.Console;

namespace FirstCome.Rehearsal;

/// <summary>From the campaign to the report.</summary>
internal sealed class HoldRehearsal(RehearsalOptions options, GatewayClient gateway, StandaloneSystem? system, IAnsiConsole console)
{
    private static readonly TimeSpan s_untilOpening = TimeSpan.FromSeconds(2);
    private int _duringRun;

    public async Task<(RehearsalReport Report, IReadOnlyList<MemberStory> Stories)> RunAsync(CancellationToken cancellationToken)
    {
        var campaign = await gateway.CreateCampaignAsync(options.Quota, cancellationToken);
        IReadOnlyList<SyntheticMember> members = [];
        IReadOnlyList<MemberStory> stories = [];
        IReadOnlyList<Contracts.Claims.Claim>[] mine = [];
        var crowd = TimeSpan.Zero;
        IReadOnlyList<LedgerClaim> ledger = [];
        TimeSpan? issuedAfter = null;
        await console.Progress().AutoClear(false).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn()).StartAsync(async progress =>
        {
            var tokens = progress.AddTask("Tokens · 토큰", maxValue: options.Members);
            members = await gateway.CreateMembersAsync(campaign, options.Members, done => tokens.Value = done, cancellationToken);

            var opening = progress.AddTask("Opening · 시작 대기", maxValue: 1);
            var opensAt = await gateway.ScheduleAsync(campaign, s_untilOpening, cancellationToken);
            if (opensAt - DateTimeOffset.UtcNow is { Ticks: > 0 } wait) { await Task.Delay(wait, cancellationToken); }
            opening.Value = 1;

            var claims = progress.AddTask("Claims · 신청", maxValue: options.Members);
            var started = Stopwatch.GetTimestamp();
            var kill = KillAsync(cancellationToken);
            stories = await new CrowdPlay(gateway, campaign, options, done => { claims.Value = done; RunDuring(done); }).RunAsync(members, cancellationToken);
            crowd = Stopwatch.GetElapsedTime(started);
            await kill;

            var coupons = progress.AddTask("Coupons · 쿠폰", maxValue: 1);
            (ledger, issuedAfter) = await AwaitCouponsAsync(campaign, stories, cancellationToken);
            coupons.Value = 1;

            var audit = progress.AddTask("Audit · 감사", maxValue: options.Members);
            mine = await AskAllAsync(campaign, members, done => audit.Value = done, cancellationToken);
        });
        var counts = await gateway.CountsAsync(campaign, cancellationToken);
        var outcome = new Outcome(
            options.Quota, stories, mine, ledger, await gateway.GapsAsync(campaign, cancellationToken), counts["accepted"]!.GetValue<long>(), await CouponsMadeAsync(campaign, cancellationToken), options.IssuedWithin, issuedAfter);
        return (RehearsalReport.Of(options, campaign, outcome, Audits.Judge(outcome), crowd), stories);
    }

    // Whoever gave the command looks after it; the rehearsal goes on.
    private void RunDuring(int done)
    {
        if (options.During is not { } command || done < options.Members / 5 || Interlocked.Exchange(ref _duringRun, 1) == 1) { return; }
        using var started = OperatingSystem.IsWindows() ? Process.Start("cmd", ["/c", command]) : Process.Start("/bin/sh", ["-c", command]);
    }

    private async Task KillAsync(CancellationToken cancellationToken)
    {
        if (options.KillAfter is not { } after || system is null) { return; }
        await Task.Delay(after, cancellationToken);
        await system.KillAsync(cancellationToken);
        console.MarkupLine("[yellow]Killed with SIGKILL; starting again. · 강제 종료 후 다시 시작합니다.[/]");
        await system.StartAsync(cancellationToken);
    }

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

    private async Task<IReadOnlyList<Contracts.Claims.Claim>[]> AskAllAsync(Guid campaign, IReadOnlyList<SyntheticMember> members, Action<int> progress, CancellationToken cancellationToken)
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
