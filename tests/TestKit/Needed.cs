using Xunit;

namespace FirstCome.TestKit;

/// <summary>What a test needs beyond the SDK. What is not there skips the test by name; with <c>FIRSTCOME_REAL=1</c> (<c>./test --real</c>) it fails.</summary>
public static class Needed
{
    /// <summary>The full path of a program on the PATH.</summary>
    public static string Program(string name, string howToGetIt)
    {
        var found = OnPath(name);
        if (found is null) { Missing($"needs {name}: {howToGetIt}"); }
        return found!;
    }

    /// <summary>As <see cref="Program"/>; null where a container is to be used instead.</summary>
    public static string? ProgramOrContainer(string name, string howToGetIt) =>
        IsContainer(OnPath(name) is null) ? null : Program(name, $"{howToGetIt}, or a container engine");

    /// <summary>Whether <see cref="Program"/> would find it.</summary>
    public static bool HasProgram(string name) => OnPath(name) is not null;

    /// <summary>The full path of a script that an environment variable names; without it, of <c>../shared/…</c> beside the project's root.</summary>
    public static string Script(string variable, string inShared, string what)
    {
        var found = ScriptPath(variable, inShared);
        if (!File.Exists(found)) { Missing($"needs {what}: set {variable} to the path of its start script"); }
        return found;
    }

    /// <summary>As <see cref="Script"/>; null where a container is to be used instead. A script that is named is meant: where it is missing, nothing takes its place.</summary>
    public static string? ScriptOrContainer(string variable, string inShared, string what) =>
        IsContainer(!IsNamed(variable) && !File.Exists(ScriptPath(variable, inShared))) ? null : Script(variable, inShared, $"{what} or a container engine");

    /// <summary>Whether <see cref="ScriptOrContainer"/> would find either.</summary>
    public static bool HasScriptOrContainer(string variable, string inShared) =>
        File.Exists(ScriptPath(variable, inShared)) || (!IsNamed(variable) && ContainerEngine.Answers);

    /// <summary><c>FIRSTCOME_FULL=1</c> (<c>./test --full</c>): sizes and engines that want a larger machine.</summary>
    public static bool IsFull => Environment.GetEnvironmentVariable("FIRSTCOME_FULL") == "1";

    /// <summary>Skips the test without <see cref="IsFull"/>.</summary>
    public static void Full(string what)
    {
        if (!IsFull) { Assert.Skip($"runs with ./test --full: needs {what}"); }
    }

    /// <summary>Skips the test on a container, telling why only a program will do.</summary>
    internal static void NotInContainer(string why) => Missing($"runs on a program only, not on a container: {why}");

    private static bool IsContainer(bool missing)
    {
        if (ContainerEngine.IsAskedFor && !ContainerEngine.Answers) { Missing("needs a container engine: FIRSTCOME_ENGINES=containers asks for one, and none answers"); }
        return ContainerEngine.IsAskedFor || (missing && ContainerEngine.Answers);
    }

    /// <summary>What only a machine with a C compiler has.</summary>
    public static ProcessClock Clock(ProcessClock? clock)
    {
        if (clock is null) { Missing("needs gcc and the C library's headers: apt-get install gcc libc6-dev, or ./test --install"); }
        return clock!;
    }

    /// <summary>What only a process that may mount has.</summary>
    public static SmallDisk Mounted(SmallDisk? disk)
    {
        if (disk is null) { Missing("needs a small disk of its own: run it as a user who may mount a tmpfs"); }
        return disk!;
    }

    private static string? OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static bool IsNamed(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };

    private static string ScriptPath(string variable, string inShared) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named ? named : Shared(inShared);

    // The root is the folder of the solution, above the assembly's.
    private static string Shared(string path)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "FirstCome.slnx"))) { root = root.Parent; }
        return root is null ? "" : Path.GetFullPath(Path.Combine(root.FullName, "..", "shared", path));
    }

    private static void Missing(string what)
    {
        if (Environment.GetEnvironmentVariable("FIRSTCOME_REAL") == "1") { Assert.Fail(what); }
        Assert.Skip(what);
    }
}
