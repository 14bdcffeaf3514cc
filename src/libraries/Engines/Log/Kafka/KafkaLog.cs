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
    internal static readonly TimeSpan MakeTopicsMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_askMax = TimeSpan.FromSeconds(2), s_electionMax = TimeSpan.FromSeconds(2), s_ledPause = TimeSpan.FromMilliseconds(50);

    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<KafkaLog> _logger;
    private readonly KafkaProducer _producer;
    private readonly KafkaAdmin _admin;

    public KafkaLog(KafkaOptions options, TimeProvider time, ILogger<KafkaLog> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        _logger = logger;
        Failures = new ClientFailures(time, logger);
        _producer = new KafkaProducer(options, time, Failures, logger);
        _admin = new KafkaAdmin(options, time, Failures, logger);
    }

    public string SystemName => "kafka";

    public async Task EnsureTopicsAsync(IReadOnlyList<Topic> topics, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topics);
        try
        {
            await _admin.AskAsync("make topics", MakeTopicsMax, async client =>
            {
                await client.CreateTopicsAsync(topics.Select(Specification), new CreateTopicsOptions { OperationTimeout = MakeTopicsMax, RequestTimeout = MakeTopicsMax });
                return true;
            }, cancellationToken);
        }
        catch (CreateTopicsException exception) when (exception.Results.All(result => result.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
        {
            // Made before, by this instance or another: as it should be.
            KafkaLogEvents.TopicsThere(_logger, exception.Results.Count);
        }
        catch (CreateTopicsException exception) { throw Unavailable("make topics", exception); }
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

    /// <summary>A leader that was cut off cannot acknowledge the fence, so what is answered is the end of the one that can.</summary>
    public async Task<IReadOnlyList<long>> FenceAsync(Topic topic, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var fences = Enumerable.Repeat(LogFence.Record, await PartitionsAsync(topic, cancellationToken)).ToList();
        return [.. (await _producer.ProduceAsync(Name(topic), fences, static partition => partition, cancellationToken)).Select(position => position.Offset + 1)];
    }

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
        return _admin.DisposeAsync();
    }

    internal KafkaOptions Options => _options;

    internal ClientFailures Failures { get; }

    internal string Name(Topic topic) => _options.Prefix + topic.Name;

    /// <summary>Offsets of every partition the topic has in the cluster, answered by the partitions' leaders.</summary>
    internal async Task<IReadOnlyList<long>> OffsetsAsync(Topic topic, OffsetSpec wanted, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (true)
        {
            var partitions = await PartitionsAsync(topic, cancellationToken);
            try
            {
                var result = await _admin.AskAsync($"tell the offsets of {topic.Name}", s_askMax, client => client.ListOffsetsAsync(
                    Enumerable.Range(0, partitions).Select(partition => new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(Name(topic), partition), OffsetSpec = wanted }),
                    new ListOffsetsOptions { RequestTimeout = s_askMax }), cancellationToken);
                var offsets = new long[partitions];
                foreach (var info in result.ResultInfos) { offsets[info.TopicPartitionOffsetError.Partition] = info.TopicPartitionOffsetError.Offset; }
                return offsets;
            }
            catch (ListOffsetsException exception)
            {
                var error = exception.Result.ResultInfos.Select(info => info.TopicPartitionOffsetError.Error).FirstOrDefault(error => error.IsError);
                if (error is null || !IsElecting(error.Code) || _time.GetElapsedTime(started) > s_electionMax)
                {
                    throw new LogUnavailableException($"The log could not tell the offsets of {topic.Name}: {error?.Reason ?? exception.Message}", exception);
                }
            }
            await Task.Delay(s_ledPause, _time, cancellationToken);
        }
    }

    // What a broker says that has just started, or just lost or got the partition: it passes by itself.
    private static bool IsElecting(ErrorCode code) =>
        code is ErrorCode.NotLeaderForPartition or ErrorCode.LeaderNotAvailable or ErrorCode.UnknownLeaderEpoch or ErrorCode.FencedLeaderEpoch or ErrorCode.UnknownTopicOrPart
            or ErrorCode.OffsetNotAvailable;

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
                catch (LogUnavailableException) when (_time.GetElapsedTime(started) < MakeTopicsMax) { await Task.Delay(s_ledPause, _time, cancellationToken); }
            }
        }
    }

    /// <summary>How many partitions the topic has in the cluster: an operator may have added some.</summary>
    // By the metadata's blocking call, on a thread of its own: the client's own description of a topic is what destroys it where the broker answers with an error (KafkaAdmin).
    private async Task<int> PartitionsAsync(Topic topic, CancellationToken cancellationToken)
    {
        var metadata = await _admin.AskAsync($"tell the partitions of {topic.Name}", s_askMax, client => OnOwnThread(() => client.GetMetadata(Name(topic), s_askMax)), cancellationToken);
        var found = metadata.Topics.Find(found => found.Topic == Name(topic));
        if (found is null || found.Error.IsError || found.Partitions.Count == 0)
        {
            throw new LogUnavailableException($"The log could not tell the partitions of {topic.Name}: {found?.Error.Reason ?? "it is not there"}");
        }
        return found.Partitions.Count;
    }

    // The client's calls block; the pool's threads are for others.
    internal static Task<T> OnOwnThread<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

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
