using System.Globalization;

namespace FirstCome.Bench;

/// <summary>Prints ratios against what they should reach.</summary>
internal static class Figure
{
    /// <summary>One line; true when it is reached.</summary>
    public static bool Print(string name, IReadOnlyList<double> ratios, double wanted)
    {
        var sorted = ratios.Order().ToList();
        var median = sorted[sorted.Count / 2];
        var reached = median >= wanted;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(reached ? "reached" : "SHORT  ")}  {name}: median {median:0.000} (min {sorted[0]:0.000}, max {sorted[^1]:0.000}, {sorted.Count} pairs), wanted {wanted:0.##}"));
        return reached;
    }

    public static void PrintMachine() =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, .NET {Environment.Version}, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}"));
}
