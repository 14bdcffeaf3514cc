namespace FirstCome.Eureka.Wire;

/// <summary>The five statuses of the contract.</summary>
public enum InstanceStatus
{
    Unknown,
    Up,
    Down,
    Starting,
    OutOfService,
}

/// <summary>What happened to an instance, as deltas tell it.</summary>
public enum InstanceAction
{
    Added,
    Modified,
    Deleted,
}

/// <summary>The names that the contract gives to statuses and actions.</summary>
public static class WireNames
{
    public static string Of(InstanceStatus status) => status switch
    {
        InstanceStatus.Up => "UP",
        InstanceStatus.Down => "DOWN",
        InstanceStatus.Starting => "STARTING",
        InstanceStatus.OutOfService => "OUT_OF_SERVICE",
        _ => "UNKNOWN",
    };

    public static string Of(InstanceAction action) => action switch
    {
        InstanceAction.Added => "ADDED",
        InstanceAction.Modified => "MODIFIED",
        _ => "DELETED",
    };

    /// <summary>The status of exactly that name; null for every other text.</summary>
    public static InstanceStatus? Status(string? name) => name switch
    {
        "UP" => InstanceStatus.Up,
        "DOWN" => InstanceStatus.Down,
        "STARTING" => InstanceStatus.Starting,
        "OUT_OF_SERVICE" => InstanceStatus.OutOfService,
        "UNKNOWN" => InstanceStatus.Unknown,
        _ => null,
    };

    /// <summary>The action of exactly that name; null for every other text.</summary>
    public static InstanceAction? Action(string? name) => name switch
    {
        "ADDED" => InstanceAction.Added,
        "MODIFIED" => InstanceAction.Modified,
        "DELETED" => InstanceAction.Deleted,
        _ => null,
    };
}
