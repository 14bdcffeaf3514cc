using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;

namespace FirstCome.EnginesTests.Claims;

/// <summary>A log that takes nothing for one topic, as a broker that stands still, until it is told otherwise.</summary>
internal sealed class DeafLog(IEventLog log, Topic topic) : IEventLog
{
    public volatile bool Deaf = true;
    private int _refused;

    public int Refused => Volatile.Read(ref _refused);

    public Task EnsureTopicsAsync(IReadOnlyList<Topic> topics, CancellationToken cancellationToken) => log.EnsureTopicsAsync(topics, cancellationToken);

    public Task<IReadOnlyList<LogPosition>> ProduceAsync(Topic to, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        if (!Deaf || to != topic) { return log.ProduceAsync(to, records, cancellationToken); }
        Interlocked.Increment(ref _refused);
        throw new LogUnavailableException("deaf");
    }

    public Task<IReadOnlyList<long>> EndOffsetsAsync(Topic of, CancellationToken cancellationToken) => log.EndOffsetsAsync(of, cancellationToken);

    public Task<IReadOnlyList<long>> StartOffsetsAsync(Topic of, CancellationToken cancellationToken) => log.StartOffsetsAsync(of, cancellationToken);

    public ILogReader Subscribe(LogSubscription subscription) => log.Subscribe(subscription);
}
