using System.Text.Json;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;

namespace FirstCome.RulesTests.Authentication;

/// <summary>A log of one topic with one partition, in memory; it can be away.</summary>
internal sealed class FakeEventLog : IEventLog
{
    private readonly Lock _lock = new();
    private readonly List<ConsumedRecord> _records = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _away;

    public bool Away { get => _away; set { _away = value; Wake(); } }

    public void Publish(MemberChanged change) => Publish(JsonSerializer.SerializeToUtf8Bytes(change, MessageJson.Default.MemberChanged));

    public void Publish(byte[] value)
    {
        lock (_lock) { _records.Add(new(new(0, _records.Count), DateTimeOffset.UtcNow, "key", value, null)); }
        Wake();
    }

    public Task EnsureTopicsAsync(IReadOnlyList<Topic> topics, CancellationToken cancellationToken) => Away ? throw new LogUnavailableException("away") : Task.CompletedTask;

    public Task<IReadOnlyList<LogPosition>> ProduceAsync(Topic topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<long>> EndOffsetsAsync(Topic topic, CancellationToken cancellationToken)
    {
        lock (_lock) { return Task.FromResult<IReadOnlyList<long>>([_records.Count]); }
    }

    public Task<IReadOnlyList<long>> StartOffsetsAsync(Topic topic, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<long>>([0]);

    public ILogReader Subscribe(LogSubscription subscription) => new Reader(this);

    private void Wake()
    {
        lock (_lock)
        {
            _changed.TrySetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class Reader(FakeEventLog log) : ILogReader
    {
        private int _next;

        public async ValueTask<IReadOnlyList<ConsumedRecord>> ReadAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
        {
            Task changed;
            lock (log._lock) { changed = log._changed.Task; }
            if (Take(max) is { Count: > 0 } ready) { return ready; }
            await changed.WaitAsync(wait, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            return Take(max);
        }

        public ValueTask CommitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask RewindAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private List<ConsumedRecord> Take(int max)
        {
            if (log.Away) { throw new LogUnavailableException("away"); }
            lock (log._lock)
            {
                var taken = log._records.Skip(_next).Take(max).ToList();
                _next += taken.Count;
                return taken;
            }
        }
    }
}
