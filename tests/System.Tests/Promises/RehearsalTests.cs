using FirstCome.Rehearsal;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Standalone;
using Spectre.Console;
using Xunit;

namespace FirstCome.SystemTests.Promises;

/// <summary>A crowd on a system of its own, with and without a kill in the middle; every line of the audit must hold.</summary>
public sealed class RehearsalTests
{
    [Fact]
    public Task The_audit_of_a_rehearsal_holds() => HoldAsync(new RehearsalOptions { Members = 2_000, Quota = 500, Concurrency = 64, Standalone = true });

    [Fact]
    public Task The_audit_holds_though_the_system_is_killed_in_the_middle() =>
        HoldAsync(new RehearsalOptions { Members = 2_000, Quota = 1_200, Concurrency = 64, Standalone = true, KillAfter = TimeSpan.FromMilliseconds(250) });

    private static async Task HoldAsync(RehearsalOptions options)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var system = new StandaloneSystem();
        await system.StartAsync(cancel);
        var (email, password) = StandaloneSystem.DemoAccount(system.Data, "operator") ?? throw new InvalidOperationException("There is no demo operator.");
        using var gateway = new GatewayClient(system.Url, email, password, options.Concurrency * 2);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) });
        var (report, _) = await new ShowRehearsal(options, gateway, system, console).RunAsync(cancel);
        Assert.All(report.Audits, audit => Assert.True(audit.Ok, $"{audit.Name}: {audit.Detail}"));
        if (options.KillAfter is not null) { Assert.True(report.AskedAgain > 0, "The kill came when nobody was asking any more."); }
    }
}
