using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.ContainersTests;

/// <summary>A crowd at the published gateway while one container after the other is killed; every line of the audit must hold each time.</summary>
[Collection(OneComposedSystem.Name)]
public sealed class KillTests(ComposedSystem system, ITestOutputHelper output)
{
    // What a claim passes through: without it somebody must have been told to ask again, else the kill came too late.
    private static readonly string[] s_onTheWay = ["gateway", "issue-service", "redis", "kafka"];
    private static readonly TimeSpan s_rehearsalMax = TimeSpan.FromMinutes(4);

    public static TheoryData<string> Services => [.. ComposedSystem.Services];

    [Fact]
    public async Task The_audit_of_a_rehearsal_holds()
    {
        await system.StartAsync();
        await system.WholeAsync();
        await HoldAsync("--members", "2000", "--quota", "500", "--concurrency", "64");
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task The_audit_holds_though_this_is_killed_in_the_middle(string service)
    {
        await system.StartAsync();
        await system.WholeAsync();
        var kill = await system.KillCommandAsync(service);
        // A minute for the coupons: what makes them may be what was killed.
        var report = await HoldAsync("--members", "1000", "--quota", "700", "--concurrency", "24", "--repeats", "0.1", "--issued-within", "60s", "--during", kill);
        if (s_onTheWay.Contains(service)) { Assert.True(report["askedAgain"]!.GetValue<int>() > 0, "The kill came when nobody was asking any more."); }
        var ended = Stopwatch.GetTimestamp();
        await system.WholeAsync();
        Assert.True(await system.WasStartedAgainAsync(service), $"{service} was not killed.");
        output.WriteLine($"{service}: {report["askedAgain"]} answers to ask again; crowd {report["crowdMs"]} ms; last coupon after {report["issuedAfterMs"]} ms; whole {Stopwatch.GetElapsedTime(ended).TotalSeconds:0.0} s after the end");
    }

    /// <summary>Plays the crowd as <c>./run rehearse</c> does; its report.</summary>
    private async Task<JsonNode> HoldAsync(params string[] options)
    {
        using var folder = new TemporaryFolder();
        var report = folder.File("report.json");
        await using var rehearsal = ChildProcess.Start("dotnet", [Program(), "--url", system.Gateway.ToString(), "--data", system.Data, "--json", report, .. options]);
        var code = await rehearsal.WaitForExitAsync(s_rehearsalMax);
        Assert.True(code == 0, string.Create(CultureInfo.InvariantCulture, $"The audit does not hold (code {code}):\n{rehearsal.Output}{rehearsal.Error}"));
        return JsonNode.Parse(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken))!;
    }

    private static string Program()
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Rehearsal", configuration, "FirstCome.Rehearsal.dll"));
    }
}
