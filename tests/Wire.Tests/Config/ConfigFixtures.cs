using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>The recordings and the repository that the original server was recorded with.</summary>
internal static class ConfigFixtures
{
    public const string Absent = "(recordings absent)";

    public static string Folder { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("FIRSTCOME_FIXTURES") ?? Path.Combine(RepositoryRoot(), "..", "shared", "fixtures"), "spring", "config");

    public static IEnumerable<string> Files => Directory.Exists(Folder)
        ? Directory.EnumerateFiles(Folder, "*.http").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)
        : [Absent];

    public static void SkipIfAbsent()
    {
        if (!Directory.Exists(Folder))
            Assert.Skip("The recorded exchanges of Spring Cloud Config are absent; set FIRSTCOME_FIXTURES to their folder.");
    }

    /// <summary>The recorded repository as a bare clone; <c>HEAD</c> stands where the original had left it.</summary>
    public static async Task<string> CloneAsync(string folder, bool masterOnly, CancellationToken cancellation)
    {
        SkipIfAbsent();
        var target = Path.Combine(folder, masterOnly ? "master-only" : "repository");
        await GitAsync(cancellation, "clone", "-q", "--mirror", Path.Combine(Folder, "repo.bundle"), target);
        if (masterOnly)
        {
            await GitAsync(cancellation, "-C", target, "branch", "-m", "main", "master");
            return target;
        }
        await GitAsync(cancellation, "-C", target, "symbolic-ref", "HEAD", "refs/heads/feature/x");
        return target;
    }

    private static async Task GitAsync(CancellationToken cancellation, params string[] arguments)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("git", arguments) { RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("The git program is absent; it unpacks the recorded repository.");
            return;
        }
        using (process)
        {
            var error = await process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            Assert.True(process.ExitCode == 0, $"git {string.Join(' ', arguments)}: {error}");
        }
    }

    private static string RepositoryRoot([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
