using System.Globalization;
using System.Text.RegularExpressions;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.SystemTests.FirstSteps;

/// <summary>The steps of "A first claim" in both READMEs, run by a shell as they stand there; only address and data folder are put in.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string[] s_needed = ["bash", "curl", "jq"];
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_first_claim_goes_as_each_README_tells()
    {
        Assert.SkipUnless(s_needed.All(IsThere), "bash, curl or jq is missing");
        using var folder = new TemporaryFolder();
        await using var system = new AllInOneProcess(folder.File("data"));
        await system.StartAsync();
        foreach (var name in new[] { "README.md", "README.ko.md" })
        {
            var text = await File.ReadAllTextAsync(Path.Combine(Root(), name), TestContext.Current.CancellationToken);
            var blocks = ShellBlock().Matches(text).Select(match => match.Groups[1].Value).Where(block => block.Contains("$api", StringComparison.Ordinal)).ToList();
            Assert.Equal(3, blocks.Count);
            var steps = string.Join('\n', blocks);
            Assert.Contains("http://127.0.0.1:8080", steps, StringComparison.Ordinal);
            await File.WriteAllTextAsync(
                folder.File("steps.sh"),
                "set -e -o pipefail\n" + steps.Replace("http://127.0.0.1:8080", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{system.Port}"), StringComparison.Ordinal)
                    .Replace(".data/", folder.File("data") + "/", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            await using var shell = ChildProcess.Start("bash", [folder.File("steps.sh")]);
            Assert.True(await shell.WaitForExitAsync(s_limit) == 0, $"{name}:\n{shell.Output}{shell.Error}");
            Assert.Equal(["202", "200"], Status().Matches(shell.Output).Select(match => match.Groups[1].Value));
            Assert.StartsWith("\"open\"", shell.Output, StringComparison.Ordinal);
            Assert.Equal(3, Regex.Count(shell.Output, "\"sequence\": ?1\\b"));
        }
    }

    private static bool IsThere(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "FirstCome.slnx"))) { return folder.FullName; }
        }
        throw new InvalidOperationException("The repository's root is not above the tests.");
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex(@"HTTP/1\.1 (\d{3}) ")]
    private static partial Regex Status();
}
