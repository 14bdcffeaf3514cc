namespace FirstCome.TestKit;

/// <summary>The whole system in one process, on embedded engines.</summary>
public sealed class AllInOneProcess(string data) : SystemProcess(data, Ports, TimeSpan.FromSeconds(60))
{
    /// <summary>How many ports one system takes.</summary>
    public const int Ports = 9;

    /// <summary>Starts the program with these arguments and nothing else, and does not wait for it.</summary>
    public static ChildProcess Launch(params string[] arguments) => ChildProcess.Start("dotnet", [Assembly("AllInOne"), .. arguments]);

    protected override ChildProcess LaunchOn(params string[] arguments) => Launch(arguments);
}
