using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log.Kafka;

internal static partial class KafkaLogEvents
{
    [LoggerMessage(1, LogLevel.Warning, "Kafka's client: {Reason} ({LeftOut} lines left out before)")]
    public static partial void ClientFailed(ILogger logger, string reason, int leftOut);

    [LoggerMessage(2, LogLevel.Debug, "{Count} topics are there already")]
    public static partial void TopicsThere(ILogger logger, int count);

    [LoggerMessage(3, LogLevel.Error, "The producer is broken for good and was replaced: {Reason}")]
    public static partial void ProducerReplaced(ILogger logger, string reason);

    [LoggerMessage(4, LogLevel.Warning, "A reader could not leave cleanly; its partitions go to another after the session's time")]
    public static partial void CloseFailed(ILogger logger, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "Topics could not be made; tried again in {Pause}: {Reason}")]
    public static partial void TopicsFailed(ILogger logger, TimeSpan pause, string reason);

    [LoggerMessage(7, LogLevel.Debug, "Offsets were not committed, and are with the next ones or read again: {Reason}")]
    public static partial void CommitPassedOver(ILogger logger, string reason);

    [LoggerMessage(8, LogLevel.Error, "The client for questions about offsets destroyed itself and was replaced")]
    public static partial void AdminReplaced(ILogger logger);

    [LoggerMessage(9, LogLevel.Warning, "Questions to the brokers were not answered within {Limit} of the stop")]
    public static partial void QuestionsLeft(ILogger logger, TimeSpan limit);

    [LoggerMessage(6, LogLevel.Debug, "Kafka's client: {Line}")]
    private static partial void ClientLine(ILogger logger, string line);

    /// <summary>A line of librdkafka's own log: it repeats what the error handler is told, so it is for those who look closely.</summary>
    public static void Client(ILogger logger, LogMessage line) => ClientLine(logger, line.Message);
}
