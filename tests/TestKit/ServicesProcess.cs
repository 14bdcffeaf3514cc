using System.Globalization;

namespace FirstCome.TestKit;

/// <summary>The whole system with a process for each service, on engines that the test has started; what ends is started again after <paramref name="restart"/>; the file <paramref name="log"/> gets all they say.</summary>
/// <param name="settings">Environment of every service, <c>Section__Key</c>.</param>
/// <param name="options">Further ones of <c>./run services</c>.</param>
public sealed class ServicesProcess(string data, string redis, string kafka, int databasePort, string scale, TimeSpan restart, string log, IReadOnlyDictionary<string, string>? settings = null,
    IEnumerable<string>? options = null) : SystemProcess(data, PortsMax, TimeSpan.FromSeconds(180))
{
    private const int PortsMax = 20;

    /// <summary>The process id of an instance, as <c>issue-service-2</c>.</summary>
    public int Pid(string instance) => Read("processes.json").Single(entry => entry.GetProperty("name").GetString() == instance).GetProperty("pid").GetInt32();

    /// <summary>Where an instance listens; others find it elsewhere where something stands before it.</summary>
    public Uri Address(string instance)
    {
        var pid = Pid(instance);
        return Addresses().Single(address => address.Pid == pid).Url;
    }

    /// <summary>SIGKILL to an instance; it comes again by itself.</summary>
    public void Kill(string instance) => Signals.Send(Pid(instance), Signals.Kill);

    /// <summary>SIGSTOP to an instance.</summary>
    public void Freeze(string instance) => Signals.Send(Pid(instance), Signals.Stop);

    /// <summary>SIGCONT to an instance.</summary>
    public void Thaw(string instance) => Signals.Send(Pid(instance), Signals.Continue);

    /// <summary>Ends the services in their order and waits for it, as the processes would outlive this one's kill.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (!Process.HasExited) { await StopAsync(); }
        await base.DisposeAsync();
    }

    protected override ChildProcess LaunchOn(params string[] arguments) => ChildProcess.Start(
        "dotnet",
        [
            Assembly("Services"), "--redis", redis, "--kafka", kafka, "--mysql", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{databasePort}"), "--scale", scale,
            "--restart", restart.TotalSeconds.ToString(CultureInfo.InvariantCulture), .. options ?? [], .. arguments,
        ],
        new Dictionary<string, string>(settings ?? new Dictionary<string, string>()) { ["FIRSTCOME_MYSQL_ADMIN"] = "root:" },
        log: log);
}
