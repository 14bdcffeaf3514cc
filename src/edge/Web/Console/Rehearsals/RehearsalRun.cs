using FirstCome.Rehearsal;
using FirstCome.Rehearsal.Report;

namespace FirstCome.Web.Console.Rehearsals;

/// <summary>What became of a rehearsal.</summary>
internal enum RunState
{
    Running,
    /// <summary>Played to its end; the report tells whether the audit holds.</summary>
    Done,
    Cancelled,
    /// <summary>Stopped because it took longer than <see cref="RehearsalLimits.TimeMax"/>.</summary>
    TimedOut,
    /// <summary>It could not be held.</summary>
    Failed,
}

/// <summary>What is left of an ended rehearsal: a few kilobytes, whatever its crowd was.</summary>
/// <param name="Page">The report as a page of its own, to keep.</param>
internal sealed record RunOutcome(RehearsalReport Report, Plots Plots, string Page);

/// <summary>One rehearsal, running or ended. Read by any number of circuits while it goes on.</summary>
internal sealed class RehearsalRun(Guid id, RehearsalPlan plan, string by, DateTimeOffset startedAt)
{
    private readonly Lock _change = new();
    private RehearsalProgress _progress = new(RehearsalPhase.Tokens, 0, plan.Members);

    public Guid Id { get; } = id;

    public RehearsalPlan Plan { get; } = plan;

    /// <summary>The operator, as the session names it.</summary>
    public string By { get; } = by;

    public DateTimeOffset StartedAt { get; } = startedAt;

    public DateTimeOffset? EndedAt { get; private set; }

    public RunState State { get; private set; } = RunState.Running;

    public RunOutcome? Outcome { get; private set; }

    /// <summary>Why it could not be held.</summary>
    public string? Error { get; private set; }

    public RehearsalProgress Progress { get { lock (_change) { return _progress; } } }

    /// <summary>Steps come from many threads; an older number does not undo a newer one.</summary>
    public void Tell(RehearsalProgress progress)
    {
        lock (_change)
        {
            if (progress.Phase > _progress.Phase || (progress.Phase == _progress.Phase && progress.Done >= _progress.Done)) { _progress = progress; }
        }
    }

    public void End(RunState state, DateTimeOffset at, RunOutcome? outcome = null, string? error = null)
    {
        lock (_change) { (Outcome, Error, EndedAt, State) = (outcome, error, at, state); }
    }
}
