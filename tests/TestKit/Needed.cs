using Xunit;

namespace FirstCome.TestKit;

/// <summary>What a test needs beyond the SDK. What is not there skips the test by name; with <c>FIRSTCOME_REAL=1</c> (<c>./test --real</c>) it fails.</summary>
public static class Needed
{
    /// <summary>The full path of a program on the PATH.</summary>
    public static string Program(string name, string howToGetIt)
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (found is null) { Missing($"needs {name}: {howToGetIt}"); }
        return found!;
    }

    private static void Missing(string what)
    {
        if (Environment.GetEnvironmentVariable("FIRSTCOME_REAL") == "1") { Assert.Fail(what); }
        Assert.Skip(what);
    }
}
