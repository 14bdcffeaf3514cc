using System.Text.RegularExpressions;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.SystemTests.Model;

/// <summary>The model of the claim protocol, and that it speaks of code that is there.</summary>
public sealed partial class ModelTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);
    private static readonly string s_folder = Path.Combine(ProjectRoot.Folder, "docs", "model");

    [Fact]
    public async Task The_protocol_holds_and_every_mechanism_taken_away_breaks_it()
    {
        Needed.Program("spin", "apt-get install spin, or ./test --install");
        Needed.Program("gcc", "apt-get install gcc libc6-dev, or ./test --install");
        await using var check = ChildProcess.Start("bash", [Path.Combine(s_folder, "check"), "--quick"]);
        var code = await check.WaitForExitAsync(s_limit);
        Assert.True(code == 0, check.Output + check.Error);
        var switches = Switch().Matches(await File.ReadAllTextAsync(Path.Combine(s_folder, "claim.pml"), TestContext.Current.CancellationToken)).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.All(switches, mechanism => Assert.Contains($"without {mechanism}: breaks", check.Output, StringComparison.Ordinal));
        Assert.EndsWith($" held, {switches.Count} broken as they must", check.Output.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_member_that_its_README_names_is_in_the_code()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(s_folder, "README.md"), TestContext.Current.CancellationToken);
        var named = Member().Matches(readme).Select(match => (Type: match.Groups[1].Value, Name: match.Groups[2].Value)).Distinct().ToList();
        Assert.True(named.Count > 20, "The table of steps was not found.");
        var sources = Directory.EnumerateFiles(Path.Combine(ProjectRoot.Folder, "src"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();
        var missing = named.Where(member => !sources.Any(text =>
            Regex.IsMatch(text, $@"\b(class|interface|record|struct) {member.Type}\b") && Regex.IsMatch(text, $@"^ +[\w<>?,()\[\] ]+ {member.Name}( =|\()", RegexOptions.Multiline)));
        Assert.Empty(missing.Select(member => $"{member.Type}.{member.Name}"));
    }

    [Fact]
    public async Task Every_switch_of_the_model_is_told()
    {
        var told = await File.ReadAllTextAsync(Path.Combine(s_folder, "README.md"), TestContext.Current.CancellationToken);
        var model = await File.ReadAllTextAsync(Path.Combine(s_folder, "claim.pml"), TestContext.Current.CancellationToken);
        Assert.All(Switch().Matches(model).Select(match => match.Groups[1].Value), mechanism => Assert.Contains($"| `{mechanism}` |", told, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\bWITHOUT_([A-Z_]+)")]
    private static partial Regex Switch();

    [GeneratedRegex(@"`([A-Z]\w+)\.([A-Z]\w+)`")]
    private static partial Regex Member();
}
