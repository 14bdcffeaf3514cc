namespace FirstCome.Engines.Log;

/// <summary>One call's share of the writer's transaction.</summary>
internal abstract class LogWork(int records)
{
    /// <summary>How many records it brings, for the bound on a transaction.</summary>
    public int Records { get; } = records;

    /// <summary>Runs within the transaction. A <see cref="LogUnavailableException"/> is this call's refusal and must come before its first write; anything else fails the transaction.</summary>
    public abstract void Apply(LogFile file);

    /// <summary>Answers the caller; the transaction is committed.</summary>
    public abstract void Complete();

    /// <summary>Answers the caller; the transaction was rolled back.</summary>
    public abstract void Fail(LogUnavailableException exception);
}

internal sealed class LogWork<T>(Func<LogFile, T> apply, int records = 0) : LogWork(records)
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;
    private LogUnavailableException? _refusal;

    public Task<T> Answer => _answer.Task;

    public override void Apply(LogFile file)
    {
        try { _result = apply(file); }
        catch (LogUnavailableException refusal) { _refusal = refusal; }
    }

    public override void Complete()
    {
        if (_refusal is null) { _answer.TrySetResult(_result!); }
        else { Fail(_refusal); }
    }

    public override void Fail(LogUnavailableException exception)
    {
        _answer.TrySetException(exception);
        // The caller may have gone; its exception is told to nobody then.
        _ = _answer.Task.Exception;
    }
}
