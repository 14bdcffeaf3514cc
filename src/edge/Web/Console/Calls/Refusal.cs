namespace FirstCome.Web.Console.Calls;

/// <summary>What a service refused, as its problem told it.</summary>
/// <param name="Slug">The last part of the problem's type; empty where the answer was none.</param>
/// <param name="Status">0 where no answer came.</param>
/// <param name="Words">What to show, in the operator's language.</param>
/// <param name="Errors">For wrong input: what to change, by field.</param>
/// <param name="Rejected">For a refused list of members: its wrong lines.</param>
public sealed record Refusal(string Slug, int Status, string Words, IReadOnlyDictionary<string, string[]> Errors, IReadOnlyList<RejectedLine> Rejected)
{
    /// <summary>Whether asking again on this page will be refused too: the session has ended, or this operator may not.</summary>
    public bool Lasts => Status is 401 or 403;
}

/// <summary>A wrong line of an uploaded list, counted from 1.</summary>
public sealed record RejectedLine(int Line, string Reason);

/// <summary>A service's answer: a value, or a refusal.</summary>
/// <param name="ETag">As it came, for a change that is to rest on this answer.</param>
internal sealed record Answer<T>(T? Value, Refusal? Refusal, string? ETag);
