using Confluent.Kafka;
using Confluent.Kafka.Admin;
using FirstCome.Contracts.Messages;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log.Kafka;

/// <summary>
/// The log on Kafka. Records are produced idempotently with <c>acks=all</c>; a record whose acknowledgement did not come in time may still reach the log later, which is for the
/// readers to bear. Topics carry the broker's own time (<c>LogAppendTime</c>), so that no producer's wrong clock moves a start by instant or the end of a record's keeping.
/// </summary>
public sealed class KafkaLog : IEventLog, IAsyncDisposable
{
    private static readonly TimeSpan s_adminMax = TimeSpan.FromSeconds(2), s_makeTopicsMax = TimeSpan.FromSeconds(10), s_ledPause = TimeSpan.FromMilliseconds(50);

    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<KafkaLog> _logger;
    private readonly KafkaProducer _producer;
    private readonly Lazy<IAdminClient> _admin;

    public KafkaLog(KafkaOptions options, TimeProvider time, ILogger<KafkaLog> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        _logger = logger;
        _producer = new KafkaProducer(options, time, logger);
        _admin = new Lazy<IAdminClient>(() => new AdminClientBuilder(Client(new AdminClientConfig { SocketTimeoutMs = (int)s_makeTopicsMax.TotalMilliseconds }))
            .SetLogHandler((_, line) => KafkaLogEvents.Client(_logger, line))
            .SetErrorHandler((_, error) => KafkaLogEvents.ClientFailed(_logger, error.Reason))
            .Build());
    }

    public string SystemName => "kafka";

    public async Task EnsureTopicsAsync(IReadOnlyList<Topic> topics, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topics);
        try
        {
            await _admin.Value.CreateTopicsAsync(topics.Select(Specification), new CreateTopicsOptions { OperationTimeout = s_makeTopicsMax, RequestTimeout = s_makeTopicsMax })
                .WaitAsync(s_makeTopicsMax, _time, cancellationToken);
        }
        catch (CreateTopicsException exception) when (exception.Results.All(result => result.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
        {
            // Made before, by this instance or another: as it should be.
            KafkaLogEvents.TopicsThere(_logger, exception.Results.Count);
        }
        catch (Exception exception) when (exception is KafkaException or TimeoutException) { throw Unavailable("make topics", exception); }
        await LedAsync(topics, cancellationToken);
    }

    public Task<IReadOnlyList<LogPosition>> ProduceAsync(Topic topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(records);
        LogRecord.Check(records);
        return _producer.ProduceAsync(Name(topic), records, cancellationToken);
    }

    public Task<IReadOnlyList<long>> EndOffsetsAsync(Topic topic, CancellationToken cancellationToken) => OffsetsAsync(topic, OffsetSpec.Latest(), cancellationToken);

    public Task<IReadOnlyList<long>> StartOffsetsAsync(Topic topic, CancellationToken cancellationToken) => OffsetsAsync(topic, OffsetSpec.Earliest(), cancellationToken);

    public ILogReader Subscribe(LogSubscription subscription)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        if (subscription is { Group: null, Start: LogStart.Committed }) { throw new ArgumentException("Without a group nothing is committed to start from.", nameof(subscription)); }
        return subscription.Group is null
            ? new KafkaBroadcastReader(this, subscription, _time, _logger)
            : new KafkaGroupReader(this, subscription, _time, _logger);
    }

    /// <summary>Leaves the acknowledgements that are still awaited a few seconds, then closes the connections.</summary>
    public ValueTask DisposeAsync()
    {
        _producer.Dispose();
        if (_admin.IsValueCreated) { _admin.Value.Dispose(); }
        return ValueTask.CompletedTask;
    }

    internal KafkaOptions Options => _options;

    internal string Name(Topic topic) => _options.Prefix + topic.Name;

    /// <summary>Offsets of every partition the topic has in the cluster, answered by the partitions' leaders.</summary>
    internal async Task<IReadOnlyList<long>> OffsetsAsync(Topic topic, OffsetSpec wanted, CancellationToken cancellationToken)
    {
        try
        {
            var partitions = await PartitionsAsync(topic, cancellationToken);
            var result = await _admin.Value.ListOffsetsAsync(
                    Enumerable.Range(0, partitions).Select(partition => new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(Name(topic), partition), OffsetSpec = wanted }),
                    new ListOffsetsOptions { RequestTimeout = s_adminMax })
                .WaitAsync(s_adminMax, _time, cancellationToken);
            var offsets = new long[partitions];
            foreach (var info in result.ResultInfos) { offsets[info.TopicPartitionOffsetError.Partition] = info.TopicPartitionOffsetError.Offset; }
            return offsets;
        }
        catch (ListOffsetsException exception)
        {
            var reason = exception.Result.ResultInfos.Select(info => info.TopicPartitionOffsetError.Error).FirstOrDefault(error => error.IsError)?.Reason ?? exception.Message;
            throw new LogUnavailableException($"The log could not tell the offsets of {topic.Name}: {reason}", exception);
        }
        catch (Exception exception) when (exception is KafkaException or TimeoutException) { throw Unavailable($"tell the offsets of {topic.Name}", exception); }
    }

    // A topic that was just made has no leaders for a moment.
    private async Task LedAsync(IReadOnlyList<Topic> topics, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        foreach (var topic in topics)
        {
            for (var led = false; !led;)
            {
                try
                {
                    await EndOffsetsAsync(topic, cancellationToken);
                    led = true;
                }
                catch (LogUnavailableException) when (_time.GetElapsedTime(started) < s_makeTopicsMax) { await Task.Delay(s_ledPause, _time, cancellationToken); }
            }
        }
    }

    /// <summary>How many partitions the topic has in the cluster: an operator may have added some.</summary>
    private async Task<int> PartitionsAsync(Topic topic, CancellationToken cancellationToken)
    {
        var description = await _admin.Value.DescribeTopicsAsync(TopicCollection.OfTopicNames([Name(topic)]), new DescribeTopicsOptions { RequestTimeout = s_adminMax })
            .WaitAsync(s_adminMax, _time, cancellationToken);
        return description.TopicDescriptions[0].Partitions.Count;
    }

    /// <summary>What every client of this process is told, and what the operator adds to it.</summary>
    internal T Client<T>(T config) where T : ClientConfig => Client(_options, config);

    internal static T Client<T>(KafkaOptions options, T config) where T : ClientConfig
    {
        config.BootstrapServers = options.BootstrapServers;
        config.ClientId = "firstcome";
        // A broker that came back is tried again within the second, and one that stands still is left for another.
        config.ReconnectBackoffMs = 50;
        config.ReconnectBackoffMaxMs = 1_000;
        config.TopicMetadataRefreshIntervalMs = 10_000;
        config.TopicMetadataPropagationMaxMs = 1_000;
        foreach (var (name, value) in options.Client) { config.Set(name, value); }
        return config;
    }

    internal static LogUnavailableException Unavailable(string what, Exception exception) => new($"The log could not {what}: {exception.Message}", exception);

    private TopicSpecification Specification(Topic topic) => new()
    {
        Name = Name(topic),
        NumPartitions = topic.Partitions,
        ReplicationFactor = _options.ReplicationFactor,
        Configs = new Dictionary<string, string>
        {
            ["cleanup.policy"] = "delete",
            ["retention.ms"] = topic.Retention is { } retention ? ((long)retention.TotalMilliseconds).ToString(System.Globalization.CultureInfo.InvariantCulture) : "-1",
            ["min.insync.replicas"] = _options.MinInsyncReplicas.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["message.timestamp.type"] = "LogAppendTime",
            ["unclean.leader.election.enable"] = "false",
        },
    };
}
