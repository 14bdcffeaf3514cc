using FirstCome.AllInOne.Data;
using FirstCome.AllInOne.Hosting;
using FirstCome.AllInOne.Start;
using FirstCome.Services.Engines;
using FirstCome.Services.Processes;
using FirstCome.Services.Start;
using Spectre.Console;

namespace FirstCome.Services;

public static class Program
{
    private const int Stopped = 0, Broken = 1, Refused = 2;

    public static async Task<int> Main(string[] args)
    {
        if (StartOptions.AsksForHelp(args))
        {
            Console.WriteLine(ServicesOptions.Usage);
            return Stopped;
        }
        try
        {
            return await RunAsync(ServicesOptions.Parse(args)) ? Stopped : Broken;
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

    /// <summary>True where nothing ended that was not asked to.</summary>
    private static async Task<bool> RunAsync(ServicesOptions options)
    {
        // Not the process's own start: ./run becomes this program after it has built it, and that time would count.
        var started = TimeProvider.System.GetTimestamp();
        using var stop = new StopSignal();
        using var data = DataFolder.Open(options.Data);
        var accounts = DemoAccounts.Ensure(data);
        var log = new ProcessLog();
        await using var system = new SystemProcesses(options, data, log);
        stop.AskedAgain = system.Kill;
        try
        {
            var engines = await EngineProcesses.StartAsync(options, data, system, stop.Asked);
            system.StartServices(engines);
            await Readiness.WaitAsync(system.Addresses, stop.Asked);
            Welcome.Print(system.Addresses, accounts, data.Full(DemoAccounts.File), TimeProvider.System.GetElapsedTime(started));
            await stop.WaitAsync();
        }
        // Asked to stop while it was starting: what has been started is stopped below.
        catch (OperationCanceledException) when (stop.Asked.IsCancellationRequested) { AnsiConsole.MarkupLine("[grey]Stopped before everything was ready · 다 시작하기 전에 멈췄습니다[/]"); }
        await system.StopAsync();
        return !system.LostAny;
    }
}
