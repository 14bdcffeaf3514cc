using FirstCome.TestKit;
using Xunit;

namespace FirstCome.BrowserTests.Pages;

/// <summary>The rules that the page's scripts decide by, tested without a browser.</summary>
public sealed class NodeTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_rules_in_the_pages_scripts_hold()
    {
        var node = Needed.Program("node", "apt-get install nodejs, or ./test --install");
        var tests = Path.Combine(ProjectRoot.Folder, "tests", "Browser.Tests", "Scripts");
        await using var run = ChildProcess.Start(node, ["--test", "--test-reporter=tap", .. Directory.GetFiles(tests, "*.test.js")]);
        var code = await run.WaitForExitAsync(s_limit);
        Assert.True(code == 0, run.Output + run.Error);
        // A run that found no test is no pass.
        Assert.Matches("# pass [1-9][0-9]+\n# fail 0", run.Output);
    }
}
