using System.Diagnostics;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Crowd;
using FirstCome.Rehearsal.Report;
using FirstCome.Rehearsal.Standalone;
using Spectre.Console;

namespace FirstCome.Rehearsal;

/// <summary>Holds the rehearsal and shows its steps on the terminal; kills and commands in its middle are this command's own.</summary>
internal sealed class ShowRehearsal(RehearsalOptions options, GatewayClient gateway, StandaloneSystem? system, IAnsiConsole console)
{
    private static readonly string[] s_phases = ["Tokens · 토큰", "Opening · 시작 대기", "Claims · 신청", "Coupons · 쿠폰", "Audit · 감사"];
    private int _duringRun;

    public Task<(RehearsalReport Report, IReadOnlyList<MemberStory> Stories)> RunAsync(CancellationToken cancellationToken) =>
        console.Progress().AutoClear(false).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn()).StartAsync(bars =>
        {
            var tasks = new ProgressTask?[s_phases.Length];
            void Show(RehearsalProgress step)
            {
                var phase = (int)step.Phase;
                var bar = tasks[phase] ??= bars.AddTask(s_phases[phase], maxValue: step.Total);
                bar.Value = Math.Max(bar.Value, step.Done);
                if (step.Phase == RehearsalPhase.Claims) { RunDuring(step.Done); }
            }
            return new HoldRehearsal(options, gateway, Show, KillAsync).RunAsync(cancellationToken);
        });

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
}
