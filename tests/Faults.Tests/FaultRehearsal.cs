using System.Globalization;
using System.Text.Json.Nodes;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>What a rehearsal must have felt of a fault: one that struck nothing would be held by any system.</summary>
internal enum Sign
{
    /// <summary>Nothing that callers could see.</summary>
    None,

    /// <summary>Some were told to ask again.</summary>
    ClaimsWithheld,

    /// <summary>Some got no answer at all.</summary>
    CallersSilenced,

    /// <summary>The last coupon came later than half of the outage.</summary>
    CouponsLate,
}

/// <summary>A rehearsal in whose middle something goes wrong; its audit must hold in full all the same.</summary>
internal static class FaultRehearsal
{
    private static readonly TimeSpan s_startMax = TimeSpan.FromSeconds(60), s_endMax = TimeSpan.FromSeconds(240);

    // The promise's 10 s where all works, and as much again for what must start anew on a machine that runs everything else too.
    private static readonly TimeSpan s_issuedMax = TimeSpan.FromSeconds(20);

    // What a caller waits for at most.
    private const double AnswerMaxMs = 3_000;

    /// <summary>1,000; with <c>./test --full</c> 5,000.</summary>
    private static int Members => Needed.IsFull ? 5_000 : 1_000;

    /// <summary>Plays the crowd, strikes when a fifth of it has been told, and judges.</summary>
    /// <param name="strike">Does the harm and, where it does not pass by itself, mends it.</param>
    /// <param name="outage">For how long what makes coupons is away: the last one may take so much longer.</param>
    /// <returns>The rehearsal's report.</returns>
    public static async Task<JsonNode> HoldAsync(FaultedSystem system, Func<CancellationToken, Task> strike, TimeSpan outage = default, Sign sign = Sign.None)
    {
        var cancel = TestContext.Current.CancellationToken;
        await system.ReadyAsync();
        using var folder = new TemporaryFolder();
        var (report, signal) = (folder.File("report.json"), folder.File("now"));
        await using var rehearsal = ChildProcess.Start("dotnet",
        [
            Program(), "--url", system.Services.Gateway.ToString(), "--data", system.Services.Data, "--members", Text(Members), "--quota", Text(Members * 6 / 10), "--concurrency", "48", "--repeats", "0.1",
            "--issued-within", $"{(s_issuedMax + outage).TotalSeconds:0}s", "--json", report, "--during", $"touch '{signal}'",
        ]);
        await Eventually.TrueAsync(
            () => rehearsal.HasExited ? throw new InvalidOperationException($"The rehearsal ended before its middle:\n{rehearsal.Output}{rehearsal.Error}") : File.Exists(signal), s_startMax, "a fifth of the crowd has been told");
        await strike(cancel);
        var code = await rehearsal.WaitForExitAsync(s_endMax);
        Assert.True(code == 0, $"The audit does not hold (code {code}): {Broken(rehearsal.Output)}\n{rehearsal.Output}{rehearsal.Error}\n{Tail(system)}");

        var told = JsonNode.Parse(await File.ReadAllTextAsync(report, cancel))!;
        var withheld = told["withheld"]!;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"longest time without an answer {withheld["longestGapMs"]} ms; {withheld["answers"]} times 503 or 429, slowest {withheld["slowestMs"]} ms; {withheld["silences"]} silences; last coupon after {told["issuedAfterMs"]} ms; "
            + $"accepted within {told["accepted"]!["p50Ms"]} ms, 99 % {told["accepted"]!["p99Ms"]} ms, slowest {told["accepted"]!["maxMs"]} ms");
        Assert.Equal(0, withheld["withoutRetryAfter"]!.GetValue<int>());
        Assert.True(
            sign switch
            {
                Sign.None => true,
                Sign.ClaimsWithheld => withheld["answers"]!.GetValue<int>() > 0,
                Sign.CallersSilenced => withheld["silences"]!.GetValue<int>() > 0,
                Sign.CouponsLate => told["issuedAfterMs"]!.GetValue<double>() > (outage / 2).TotalMilliseconds,
                _ => throw new ArgumentOutOfRangeException(nameof(sign)),
            },
            $"Nothing was felt of the fault: {sign}.");
        Assert.InRange(withheld["slowestMs"]!.GetValue<double>(), 0, AnswerMaxMs);
        return told;
    }

    private static string Program()
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Rehearsal", configuration, "FirstCome.Rehearsal.dll"));
    }

    // What a reader wants first of a long report.
    private static string Broken(string output) => string.Join(' ', output.Split('\n').Where(line => line.StartsWith('✗')));

    private static string Tail(FaultedSystem system) => system.Services.Process.Output[^Math.Min(8_000, system.Services.Process.Output.Length)..];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
