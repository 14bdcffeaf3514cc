using FirstCome.AllInOne.Data;
using FirstCome.AllInOne.Hosting;
using FirstCome.AllInOne.Start;

namespace FirstCome.AllInOne;

public static class Program
{
    private const int Stopped = 0, Broken = 1, Refused = 2;

    public static async Task<int> Main(string[] args)
    {
        if (StartOptions.AsksForHelp(args))
        {
            Console.WriteLine(StartOptions.Usage);
            return Stopped;
        }
        try
        {
            await RunAsync(StartOptions.Parse(args));
            return Stopped;
        }
        catch (StartRefusedException refusal)
        {
            await Console.Error.WriteLineAsync(refusal.Message);
            return Refused;
        }
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync($"The system could not run: {exception}");
            return Broken;
        }
    }

    private static async Task RunAsync(StartOptions options)
    {
        // Not the process's own start: ./run becomes this program after it has built it, and that time would count.
        var started = TimeProvider.System.GetTimestamp();
        // Nine hosts start at once, each of which waits here and there; the pool's own growth of one thread in half a second would hold them up.
        ThreadPool.SetMinThreads(32, 32);
        using var stop = new StopSignal();
        using var data = DataFolder.Open(options.Data);
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(console => console.SingleLine = true));
        var accounts = DemoAccounts.Ensure(data);
        var console = new ConsoleLevel();
        await using var system = new RunningSystem(options, data, console, loggers);
        try
        {
            await system.StartAsync(stop.Asked);
            await Readiness.WaitAsync(system.Addresses, stop.Asked);
            console.Started();
            Welcome.Print(system.Addresses, accounts, data.Full(DemoAccounts.File), TimeProvider.System.GetElapsedTime(started));
            await stop.WaitAsync();
        }
        catch (OperationCanceledException) when (stop.Asked.IsCancellationRequested)
        {
            // Somebody asked to stop while it was starting: what runs already is stopped below, as after a whole start.
        }
        await system.StopAsync();
    }
}
