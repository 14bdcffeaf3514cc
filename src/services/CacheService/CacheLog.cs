namespace FirstCome.CacheService;

internal static partial class CacheLog
{
    [LoggerMessage(7001, LogLevel.Warning, "Redis is away: {Reason}")]
    public static partial void RedisIsAway(ILogger logger, string reason);

    [LoggerMessage(7002, LogLevel.Information, "Redis is back")]
    public static partial void RedisIsBack(ILogger logger);

    [LoggerMessage(7003, LogLevel.Warning, "{Service} is away: {Reason}")]
    public static partial void SourceIsAway(ILogger logger, string service, string reason);

    [LoggerMessage(7004, LogLevel.Information, "{Service} is back")]
    public static partial void SourceIsBack(ILogger logger, string service);

    [LoggerMessage(7005, LogLevel.Warning, "Topic {Topic} cannot be read: {Reason}")]
    public static partial void TopicIsAway(ILogger logger, string topic, string reason);

    [LoggerMessage(7006, LogLevel.Information, "Topic {Topic} is read again")]
    public static partial void TopicIsBack(ILogger logger, string topic);

    [LoggerMessage(7007, LogLevel.Error, "A record of topic {Topic} at partition {Partition}, offset {Offset} cannot be read and is passed over")]
    public static partial void RecordUnreadable(ILogger logger, Exception failure, string topic, int partition, long offset);

    [LoggerMessage(7008, LogLevel.Error, "The feed of campaign {Campaign} failed and goes on")]
    public static partial void FeedFailed(ILogger logger, Exception failure, Guid campaign);

    [LoggerMessage(7009, LogLevel.Error, "Sampling of metrics failed and goes on")]
    public static partial void SamplingFailed(ILogger logger, Exception failure);

    [LoggerMessage(7010, LogLevel.Debug, "Metrics of {Service} {Instance} could not be read: {Reason}")]
    public static partial void InstanceNotSampled(ILogger logger, string service, string instance, string reason);
}
