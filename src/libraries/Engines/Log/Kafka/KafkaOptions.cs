using FirstCome.ServiceDefaults;

namespace FirstCome.Engines.Log.Kafka;

/// <summary>Section <c>Kafka</c>: the log as a Kafka cluster. Only <see cref="BootstrapServers"/> has no default.</summary>
public sealed class KafkaOptions : ICheckedOptions
{
    // What the promises rest on is not for a setting to change.
    private static readonly HashSet<string> s_own = new(StringComparer.OrdinalIgnoreCase)
    {
        "acks", "request.required.acks", "enable.idempotence", "enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset", "partition.assignment.strategy", "partitioner", "group.id",
        "bootstrap.servers", "metadata.broker.list",
    };

    /// <summary>Brokers to begin with, <c>host:port[,host:port…]</c>.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>How many brokers keep each topic that is made, 1 to 9. Default 1; 3 where a broker's disk may be lost.</summary>
    public short ReplicationFactor { get; set; } = 1;

    /// <summary>How many of them must hold a record before it is acknowledged, 1 to the replication factor. Default 1; 2 of 3.</summary>
    public short MinInsyncReplicas { get; set; } = 1;

    /// <summary>How long a producer waits for its acknowledgement before the caller is told 503, 100 ms to 2.5 s (the caller's own limit is 3 s). Default 1.8 s.</summary>
    public TimeSpan AcknowledgementTimeout { get; set; } = TimeSpan.FromSeconds(1.8);

    /// <summary>How long a consumer may be silent before its partitions go to another, 6 s to 5 minutes. Default 6 s: one that died delays its partitions so long.</summary>
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>How many records may wait for their acknowledgement in this process, 1,000 to 1,000,000; beyond it producers are refused at once. Default 100,000.</summary>
    public int UnacknowledgedMax { get; set; } = 100_000;

    /// <summary>Put before the names of topics and groups, so that several installations share one cluster. Default: nothing.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>Further settings of librdkafka by their own names, for TLS and SASL: <c>Kafka:Client:security.protocol=SASL_SSL</c>.</summary>
    public Dictionary<string, string> Client { get; set; } = [];

    public IEnumerable<string> Check()
    {
        if (BootstrapServers.Length == 0) { yield return "Kafka:BootstrapServers must name brokers, such as kafka-1:9092,kafka-2:9092, but is empty."; }
        if (ReplicationFactor is < 1 or > 9) { yield return $"Kafka:ReplicationFactor must be between 1 and 9, but is {ReplicationFactor}."; }
        if (MinInsyncReplicas < 1 || MinInsyncReplicas > ReplicationFactor) { yield return $"Kafka:MinInsyncReplicas must be between 1 and the replication factor, but is {MinInsyncReplicas}."; }
        if (AcknowledgementTimeout < TimeSpan.FromMilliseconds(100) || AcknowledgementTimeout > TimeSpan.FromSeconds(2.5))
        {
            yield return $"Kafka:AcknowledgementTimeout must be between 00:00:00.1 and 00:00:02.5, but is {AcknowledgementTimeout}.";
        }
        if (SessionTimeout < TimeSpan.FromSeconds(6) || SessionTimeout > TimeSpan.FromMinutes(5)) { yield return $"Kafka:SessionTimeout must be between 00:00:06 and 00:05:00, but is {SessionTimeout}."; }
        if (UnacknowledgedMax is < 1_000 or > 1_000_000) { yield return $"Kafka:UnacknowledgedMax must be between 1000 and 1000000, but is {UnacknowledgedMax}."; }
        if (Prefix.Length > 64 || !Prefix.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-')) { yield return "Kafka:Prefix must be letters, digits, dots and hyphens, 64 at most."; }
        foreach (var own in Client.Keys.Where(s_own.Contains)) { yield return $"Kafka:Client:{own} cannot be set: the promises rest on it."; }
    }
}
