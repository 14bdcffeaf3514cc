using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log.Kafka;

/// <summary>Tells what the process's clients complain of: one line a second, and in it how many were left out. Each client repeats itself for every broker and every attempt.</summary>
internal sealed class ClientFailures(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long? _toldAt;
    private int _leftOut;

    public void Tell(Error error)
    {
        int leftOut;
        lock (_lock)
        {
            if (_toldAt is { } toldAt && time.GetElapsedTime(toldAt) < s_every)
            {
                _leftOut++;
                return;
            }
            _toldAt = time.GetTimestamp();
            (leftOut, _leftOut) = (_leftOut, 0);
        }
        KafkaLogEvents.ClientFailed(logger, error.Reason, leftOut);
    }
}
