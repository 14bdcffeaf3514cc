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

    /// <summary>The full path of a program that an environment variable names, or that stands at a path beside the project's root.</summary>
    public static string Beside(string variable, string path, string what)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named)
        {
            if (!File.Exists(named)) { Missing($"needs {what}: {variable} names {named}, which is not there"); }
            return named;
        }
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "FirstCome.slnx"))) { continue; }
            var found = Path.GetFullPath(Path.Combine(folder.FullName, path));
            if (File.Exists(found)) { return found; }
            break;
        }
        Missing($"needs {what}: name its start script in {variable}");
        return "";
    }

    private static void Missing(string what)
    {
        if (Environment.GetEnvironmentVariable("FIRSTCOME_REAL") == "1") { Assert.Fail(what); }
        Assert.Skip(what);
    }
}
