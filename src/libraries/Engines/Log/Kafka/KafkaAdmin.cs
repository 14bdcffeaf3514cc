using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log.Kafka;

/// <summary>
/// The process's one client for questions about topics and offsets. On an answer that it cannot read the client destroys itself and says so only to those who ask next (AdminClient's poll loop); it is
/// replaced by a new one then. One that destroyed itself is never disposed: that would free its memory a second time.
/// </summary>
internal sealed class KafkaAdmin(KafkaOptions options, TimeProvider time, ClientFailures failures, ILogger logger) : IAsyncDisposable
{
    // Longer than any question that blocks within the client; one whose client destroyed itself is never answered.
    private static readonly TimeSpan s_answersMax = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private IAdminClient? _current;
    private int _asking;
    private TaskCompletionSource? _lastAnswer;
    private bool _closed;

    /// <summary>Asks, for <paramref name="limit"/> at most. The question itself must be bounded by the same time, for it goes on when the caller has left.</summary>
    /// <exception cref="LogUnavailableException">No answer, or the client broke; ask again.</exception>
    public async Task<T> AskAsync<T>(string what, TimeSpan limit, Func<IAdminClient, Task<T>> question, CancellationToken cancellationToken)
    {
        var client = Enter();
        try
        {
            var answer = AnswerAsync(client, question);
            return await answer.WaitAsync(limit, time, cancellationToken);
        }
        catch (ObjectDisposedException exception)
        {
            Replace(client);
            throw KafkaLog.Unavailable(what, exception);
        }
        catch (Exception exception) when (exception is TimeoutException || exception.GetType() == typeof(KafkaException)) { throw KafkaLog.Unavailable(what, exception); }
    }

    /// <summary>Waits for the questions that are under way, then closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        IAdminClient? last;
        Task answers;
        lock (_lock)
        {
            (last, _current, _closed) = (_current, null, true);
            answers = _asking == 0 ? Task.CompletedTask : (_lastAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
        try { await answers.WaitAsync(s_answersMax, time); }
        catch (TimeoutException) { KafkaLogEvents.QuestionsLeft(logger, s_answersMax); }
        if (last is not null && Lives(last)) { last.Dispose(); }
    }

    private IAdminClient Enter()
    {
        lock (_lock)
        {
            if (_closed) { throw new LogUnavailableException("The log is closed."); }
            _asking++;
            try { return _current ??= Build(); }
            catch
            {
                _asking--;
                throw;
            }
        }
    }

    // Ends with the question, not with the caller: a client in use is not freed.
    private async Task<T> AnswerAsync<T>(IAdminClient client, Func<IAdminClient, Task<T>> question)
    {
        try { return await question(client); }
        finally
        {
            lock (_lock)
            {
                if (--_asking == 0) { _lastAnswer?.TrySetResult(); }
            }
        }
    }

    private void Replace(IAdminClient broken)
    {
        lock (_lock)
        {
            if (_current != broken) { return; }
            _current = null;
        }
        KafkaLogEvents.AdminReplaced(logger);
    }

    private static bool Lives(IAdminClient client)
    {
        try
        {
            // Does nothing but look whether the client is still there.
            client.AddBrokers("");
            return true;
        }
        catch (ObjectDisposedException) { return false; }
    }

    private IAdminClient Build() => new AdminClientBuilder(KafkaLog.Client(options, new AdminClientConfig { SocketTimeoutMs = (int)KafkaLog.MakeTopicsMax.TotalMilliseconds }))
        .SetLogHandler((_, line) => KafkaLogEvents.Client(logger, line))
        .SetErrorHandler((_, error) => failures.Tell(error))
        .Build();
}
