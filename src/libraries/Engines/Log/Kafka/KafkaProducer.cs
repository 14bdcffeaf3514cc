using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log.Kafka;

/// <summary>
/// The process's one producer. Records of one call are handed over together and their delivery reports awaited together. A producer that declares itself broken for good
/// (a fatal error: its idempotence cannot be kept) is replaced by a new one; what it had under way counts as not acknowledged.
/// </summary>
internal sealed class KafkaProducer : IDisposable
{
    private static readonly TimeSpan s_flushMax = TimeSpan.FromSeconds(3);

    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private readonly ClientFailures _failures;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private IProducer<string, ReadOnlyMemory<byte>>? _current;
    private bool _disposed;

    public KafkaProducer(KafkaOptions options, TimeProvider time, ClientFailures failures, ILogger logger)
    {
        _options = options;
        _time = time;
        _failures = failures;
        _logger = logger;
    }

    public Task<IReadOnlyList<LogPosition>> ProduceAsync(string topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken) =>
        ProduceAsync(topic, records, static _ => Partition.Any, cancellationToken);

    /// <param name="partitionOf">Of the record with this index; any: by its key.</param>
    public async Task<IReadOnlyList<LogPosition>> ProduceAsync(string topic, IReadOnlyList<LogRecord> records, Func<int, Partition> partitionOf, CancellationToken cancellationToken)
    {
        if (records.Count == 0) { return []; }
        var acknowledgements = new Acknowledgements(records.Count);
        var producer = Current();
        try
        {
            for (var i = 0; i < records.Count; i++)
            {
                var index = i;
                producer.Produce(new TopicPartition(topic, partitionOf(i)), Message(records[i]), report => acknowledgements.Take(index, report));
            }
            return await acknowledgements.All.WaitAsync(_options.AcknowledgementTimeout, _time, cancellationToken);
        }
        catch (KafkaException exception)
        {
            if (exception.Error.IsFatal) { Replace(producer, exception.Error); }
            throw KafkaLog.Unavailable("take the records", exception);
        }
        catch (TimeoutException exception) { throw new LogUnavailableException($"The log did not acknowledge within {_options.AcknowledgementTimeout}.", exception); }
        catch (ObjectDisposedException exception) { throw KafkaLog.Unavailable("take the records, its producer was replaced", exception); }
    }

    public void Dispose()
    {
        IProducer<string, ReadOnlyMemory<byte>>? last;
        lock (_lock) { (last, _current, _disposed) = (_current, null, true); }
        if (last is null) { return; }
        last.Flush(s_flushMax);
        last.Dispose();
    }

    private IProducer<string, ReadOnlyMemory<byte>> Current()
    {
        lock (_lock)
        {
            if (_disposed) { throw new LogUnavailableException("The log is closed."); }
            return _current ??= Build();
        }
    }

    private IProducer<string, ReadOnlyMemory<byte>> Build()
    {
        var config = KafkaLog.Client(_options, new ProducerConfig
        {
            Acks = Acks.All,
            EnableIdempotence = true,
            Partitioner = Partitioner.Murmur2Random,
            // Whoever calls brings a batch already; waiting for more would only add to every answer.
            LingerMs = 0.5,
            // The caller is gone after the acknowledgement's time; what is still unsent then is tried a little longer, as the record would be published again anyway.
            MessageTimeoutMs = (int)(_options.AcknowledgementTimeout * 2).TotalMilliseconds,
            RequestTimeoutMs = (int)_options.AcknowledgementTimeout.TotalMilliseconds,
            QueueBufferingMaxMessages = _options.UnacknowledgedMax,
        });
        IProducer<string, ReadOnlyMemory<byte>>? built = null;
        built = new ProducerBuilder<string, ReadOnlyMemory<byte>>(config)
            .SetKeySerializer(Serializers.Utf8)
            .SetValueSerializer(MemorySerializer.Instance)
            .SetLogHandler((_, line) => KafkaLogEvents.Client(_logger, line))
            .SetErrorHandler((producer, error) =>
            {
                _failures.Tell(error);
                if (error.IsFatal && built is { } broken) { Replace(broken, error); }
            })
            .Build();
        return built;
    }

    private void Replace(IProducer<string, ReadOnlyMemory<byte>> broken, Error error)
    {
        lock (_lock)
        {
            if (_current != broken) { return; }
            _current = null;
        }
        KafkaLogEvents.ProducerReplaced(_logger, error.Reason);
        // Not on the producer's own callback thread, which its end waits for.
        _ = Task.Run(broken.Dispose);
    }

    private static Message<string, ReadOnlyMemory<byte>> Message(LogRecord record)
    {
        var message = new Message<string, ReadOnlyMemory<byte>> { Key = record.Key, Value = record.Value };
        if (record.TraceParent is { } traceParent) { message.Headers = new Headers { { KafkaHeaders.TraceParent, Encoding.ASCII.GetBytes(traceParent) } }; }
        return message;
    }

    /// <summary>The client copies what it is given within the call, so an array that is there already need not be copied for it.</summary>
    private sealed class MemorySerializer : ISerializer<ReadOnlyMemory<byte>>
    {
        public static readonly MemorySerializer Instance = new();

        public byte[] Serialize(ReadOnlyMemory<byte> data, SerializationContext context) =>
            MemoryMarshal.TryGetArray(data, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array : data.ToArray();
    }

    /// <summary>The delivery reports of one call.</summary>
    private sealed class Acknowledgements(int count)
    {
        private readonly LogPosition[] _positions = new LogPosition[count];
        private readonly TaskCompletionSource<IReadOnlyList<LogPosition>> _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = count;

        public Task<IReadOnlyList<LogPosition>> All => _all.Task;

        public void Take(int index, DeliveryReport<string, ReadOnlyMemory<byte>> report)
        {
            if (report.Error.IsError)
            {
                _all.TrySetException(new KafkaException(report.Error));
                // The caller may have left at its time limit; its exception is told to nobody then.
                _ = _all.Task.Exception;
                return;
            }
            _positions[index] = new LogPosition(report.Partition, report.Offset);
            if (Interlocked.Decrement(ref _left) == 0) { _all.TrySetResult(_positions); }
        }
    }
}

internal static class KafkaHeaders
{
    /// <summary>W3C trace context, as OpenTelemetry's messaging conventions place it.</summary>
    public const string TraceParent = "traceparent";
}
