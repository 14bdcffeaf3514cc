namespace FirstCome.UserService.Tokens;

/// <summary>
/// What each signing key does when, from the instants of publication alone; every instance that sees the same files comes to the same answer. A key is
/// published, signs from <c>publishAhead</c> later on, when every verifier has it, until the next one does, and stays published until its last token has
/// expired. The first of all signs at once: nobody holds an older set.
/// </summary>
internal static class KeySchedule
{
    // Clocks of verifiers may run behind ours.
    private static readonly TimeSpan s_margin = TimeSpan.FromMinutes(5);

    /// <summary>Which of the keys signs now. The keys are in order of publication; at least one.</summary>
    public static int Signing(IReadOnlyList<DateTimeOffset> publishedAt, DateTimeOffset now, TimeSpan publishAhead)
    {
        var signing = publishedAt.Count - 1;
        while (signing > 0 && publishedAt[signing] + publishAhead > now) { signing--; }
        return signing;
    }

    /// <summary>From when on nobody needs a key any more; null while there is no newer one.</summary>
    public static DateTimeOffset? RetiredAt(IReadOnlyList<DateTimeOffset> publishedAt, int key, TimeSpan publishAhead) =>
        key == publishedAt.Count - 1 ? null : publishedAt[key + 1] + publishAhead + TokenTimes.Rehearsal + s_margin;
}
