using FirstCome.TestKit;
using Xunit;

namespace FirstCome.WireTests.Npm;

/// <summary>A package of npm in a folder of its own, with scripts that use it.</summary>
internal sealed class NpmPackage : IDisposable
{
    private const string Why = "real clients of npm are tried; apt-get install nodejs npm";

    private static readonly TimeSpan InstallMax = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly string _node = Needed.Program("node", Why);

    private NpmPackage()
    {
    }

    /// <summary>Skips the test without node, npm or a registry that answers.</summary>
    public static async Task<NpmPackage> InstallAsync(string nameAndVersion)
    {
        var npm = Needed.Program("npm", Why);
        var package = new NpmPackage();
        await using var install = ChildProcess.Start(
            npm, ["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error", nameAndVersion], folder: package._folder.FullName);
        if (await install.WaitForExitAsync(InstallMax) == 0) return package;
        package.Dispose();
        var isOffline = ((string[])["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH"]).Any(install.Error.Contains);
        Assert.SkipWhen(isOffline && Environment.GetEnvironmentVariable("FIRSTCOME_REAL") != "1", $"needs the registry of npm packages for {nameAndVersion}");
        throw new InvalidOperationException($"npm cannot install {nameAndVersion}:\n{install.Output}{install.Error}");
    }

    /// <summary>Starts a script; the packages are found beside it.</summary>
    public ChildProcess Run(string script, params IEnumerable<string> arguments)
    {
        var file = _folder.File("script.js");
        File.WriteAllText(file, script);
        return ChildProcess.Start(_node, [file, .. arguments], folder: _folder.FullName);
    }

    public void Dispose() => _folder.Dispose();
}
