namespace FirstCome.TestKit;

/// <summary>What runs an engine (Redis, Kafka, MySQL) for a test, which may kill it, freeze it and start it again: a program of this machine or a container.</summary>
public interface IEngineProcess : IAsyncDisposable
{
    /// <summary>Whether it has ended, by itself or by a test.</summary>
    bool HasExited { get; }

    /// <summary>Starts it, again on its data and at its address after the first time; what still runs is killed before. Returns before it answers.</summary>
    Task StartAsync();

    /// <summary>Asks it to end and waits until it has.</summary>
    Task StopAsync(TimeSpan limit);

    /// <summary>SIGKILL: it ends at once, in the middle of whatever it does.</summary>
    Task KillAsync();

    /// <summary>It stands still until <see cref="Thaw"/>, with its connections open.</summary>
    void Freeze();

    void Thaw();

    /// <summary>What it has written lately.</summary>
    Task<string> OutputAsync();
}
