using System.Globalization;

namespace FirstCome.Bench;

/// <summary>
/// The processor time that this process's descendants took between two looks, by program: where a request's time goes when all share the cores. Linux only (<c>/proc/PID/stat</c>, proc_pid_stat(5)); elsewhere it tells nothing.
/// </summary>
internal sealed class CpuByProcess
{
    // proc_pid_stat(5): fields after the name in parentheses; USER_HZ is 100 on every Linux that .NET runs on.
    private const int Parent = 1, UserTicks = 11, SystemTicks = 12, TicksPerSecond = 100;

    private readonly Dictionary<int, long> _before = Read().ToDictionary(each => each.Id, each => each.Ticks);

    /// <summary>Microseconds of processor time per request, the largest first, a program's processes summed up.</summary>
    public string PerRequest(int requests)
    {
        var shares = Read().GroupBy(each => Name(each.Id), each => each.Ticks - _before.GetValueOrDefault(each.Id))
            .Select(program => (Name: program.Key, Micros: program.Sum() * (1_000_000.0 / TicksPerSecond) / requests)).Where(program => program.Micros >= 1).OrderByDescending(program => program.Micros).ToList();
        return shares.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{shares.Sum(share => share.Micros):0} µs: {string.Join(", ", shares.Select(share => string.Create(CultureInfo.InvariantCulture, $"{share.Name} {share.Micros:0}")))}");
    }

    private static IEnumerable<(int Id, long Ticks)> Read()
    {
        if (!Directory.Exists("/proc/self")) { return []; }
        var all = new Dictionary<int, (int Parent, long Ticks)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id)) { continue; }
            string stat;
            try { stat = File.ReadAllText(Path.Combine(folder, "stat")); }
            // It has ended in the meantime.
            catch (IOException) { continue; }
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            all[id] = (int.Parse(fields[Parent], CultureInfo.InvariantCulture), long.Parse(fields[UserTicks], CultureInfo.InvariantCulture) + long.Parse(fields[SystemTicks], CultureInfo.InvariantCulture));
        }
        bool IsOurs(int id) => id == Environment.ProcessId || (all.TryGetValue(id, out var process) && process.Parent > 1 && IsOurs(process.Parent));
        return all.Where(process => IsOurs(process.Key)).Select(process => (process.Key, process.Value.Ticks));
    }

    // FirstCome.Gateway of "dotnet …/FirstCome.Gateway.dll …", the program's own name of others.
    private static string Name(int id)
    {
        string[] arguments;
        try { arguments = File.ReadAllText($"/proc/{id}/cmdline").Split('\0'); }
        catch (IOException) { return "ended"; }
        if (id == Environment.ProcessId) { return "generator"; }
        if (arguments.Contains("bare")) { return $"bare {arguments.LastOrDefault(argument => argument.Length > 0)}"; }
        return Path.GetFileNameWithoutExtension(arguments.FirstOrDefault(argument => argument.EndsWith(".dll", StringComparison.Ordinal)) ?? arguments[0]);
    }
}
