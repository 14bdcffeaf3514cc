namespace FirstCome.UserService.Sessions;

/// <summary>Failures to name one secret. <see cref="BlockedUntil"/> is the start of time where there were too few of them.</summary>
internal readonly record struct Failures(int Count, DateTimeOffset WindowStartedAt, DateTimeOffset BlockedUntil);

/// <summary>
/// When somebody who guesses at one account must wait. After so many failures within the window every further one doubles the wait; a wait is not lengthened by
/// asking during it, so a stranger can slow a member down but never shut the member out for good.
/// </summary>
internal static class GuessRules
{
    /// <summary>The failures after one more.</summary>
    public static Failures After(Failures? before, DateTimeOffset now, SignInOptions options)
    {
        if (before is not { } kept || IsOver(kept, now, options)) { return new Failures(1, now, DateTimeOffset.UnixEpoch); }
        var count = Math.Min(kept.Count + 1, 1_000);
        return count < options.FailuresMax ? kept with { Count = count } : new Failures(count, kept.WindowStartedAt, now + Wait(count, options));
    }

    /// <summary>How long to wait still; zero: go on.</summary>
    public static TimeSpan WaitLeft(Failures? failures, DateTimeOffset now) =>
        failures is { } kept && kept.BlockedUntil > now ? kept.BlockedUntil - now : TimeSpan.Zero;

    /// <summary>Whether they no longer count: the window has passed since the first and since the last wait.</summary>
    public static bool IsOver(Failures failures, DateTimeOffset now, SignInOptions options) =>
        now >= failures.WindowStartedAt + options.FailuresWindow && now >= failures.BlockedUntil + options.FailuresWindow;

    private static TimeSpan Wait(int count, SignInOptions options)
    {
        var doublings = Math.Min(count - options.FailuresMax, 20);
        var wait = options.WaitMin * (1L << doublings);
        return wait < options.WaitMax ? wait : options.WaitMax;
    }
}
