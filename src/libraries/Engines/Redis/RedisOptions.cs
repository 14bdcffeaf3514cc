using FirstCome.ServiceDefaults;

namespace FirstCome.Engines.Redis;

/// <summary>Section <c>Redis</c>: the server, the replicated server or the cluster that keeps gates and caches. Only <see cref="Endpoints"/> has no default.</summary>
public sealed class RedisOptions : ICheckedOptions
{
    /// <summary>Servers to begin with, <c>host:port[,host:port…]</c>; of a cluster or of a master with replicas the others are found.</summary>
    public string Endpoints { get; set; } = "";

    /// <summary>The account, where the server has access lists. Default: none.</summary>
    public string? User { get; set; }

    /// <summary>The account's password. Default: none.</summary>
    public string? Password { get; set; }

    /// <summary>Whether connections are encrypted. Default: no.</summary>
    public bool Tls { get; set; }

    /// <summary>
    /// How many replicas must have taken a claim's mark before it is answered (<c>WAIT</c>): all those that may be promoted, 0 to 5. Default 0: a single server, whose death loses no claim, since gates are rebuilt.
    /// </summary>
    public int Replicas { get; set; }

    /// <summary>How long they may take before the caller is told 503, 10 ms to 2 s. Default 500 ms.</summary>
    public TimeSpan ReplicaTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    public IEnumerable<string> Check()
    {
        if (Endpoints.Length == 0) { yield return "Redis:Endpoints must name servers, such as redis:6379, but is empty."; }
        else if (Endpoints.Contains('=', StringComparison.Ordinal)) { yield return "Redis:Endpoints must be host:port[,host:port…] without settings; Redis:User, Redis:Password and Redis:Tls are keys of their own."; }
        if (Replicas is < 0 or > 5) { yield return $"Redis:Replicas must be between 0 and 5, but is {Replicas}."; }
        if (ReplicaTimeout < TimeSpan.FromMilliseconds(10) || ReplicaTimeout > TimeSpan.FromSeconds(2)) { yield return $"Redis:ReplicaTimeout must be between 00:00:00.01 and 00:00:02, but is {ReplicaTimeout}."; }
    }
}
