namespace FirstCome.Engines.Log;

/// <summary>How the embedded log works. Only <see cref="File"/> has no default.</summary>
public sealed record EmbeddedLogOptions
{
    /// <summary>The database file; its folder must exist. One process at a time holds it.</summary>
    public required string File { get; init; }

    /// <summary>How long a producer waits for its acknowledgement before <see cref="LogUnavailableException"/>. Default 5 s.</summary>
    public TimeSpan AcknowledgementTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many calls may wait for the writer; further callers wait for a place. Default 4,096.</summary>
    public int QueueMax { get; init; } = 4_096;

    /// <summary>How many records one transaction takes at most, unless a single call brings more. Default 4,096.</summary>
    public int BatchRecordsMax { get; init; } = 4_096;

    /// <summary>How many of a topic's latest records are kept in memory for readers that have caught up. Default 4,096.</summary>
    public int TailRecordsMax { get; init; } = 4_096;

    /// <summary>How many bytes of values a topic's tail in memory may hold. Default 4 MiB.</summary>
    public int TailBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>How often records past their topic's retention are deleted. Default 15 minutes.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromMinutes(15);
}
