using System.Text.Encodings.Web;
using System.Text.Json;
using FirstCome.Rehearsal;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Report;
using FirstCome.Rehearsal.Standalone;
using Spectre.Console;

if (args.Contains("--help")) { Console.WriteLine(RehearsalOptions.Usage); return 0; }
var (options, error) = RehearsalOptions.Parse(args);
if (options is null) { Console.Error.WriteLine(error); return 2; }
using var stopping = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stopping.Cancel(); };
try
{
    await using var system = options.Standalone ? new StandaloneSystem() : null;
    if (system is not null) { await system.StartAsync(stopping.Token); }
    var (email, password) = Account(options, system);
    using var gateway = new GatewayClient(system?.Url ?? options.Url, email, password, options.Concurrency * 2);
    var (report, stories) = await new ShowRehearsal(options, gateway, system, AnsiConsole.Console).RunAsync(stopping.Token);
    Print(report);
    var json = new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    if (options.Json is { } jsonFile) { await File.WriteAllTextAsync(jsonFile, JsonSerializer.Serialize(report, json) + "\n", stopping.Token); }
    if (options.Html is { } htmlFile) { await File.WriteAllTextAsync(htmlFile, HtmlReport.Write(report, stories), stopping.Token); }
    return report.Ok ? 0 : 1;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped before the end.");
    return 130;
}
catch (Exception exception) when (exception is RehearsalException or InvalidOperationException or HttpRequestException or IOException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}

static (string Email, string Password) Account(RehearsalOptions options, StandaloneSystem? system)
{
    if (options.Operator is { } email)
    {
        var given = Environment.GetEnvironmentVariable("FIRSTCOME_OPERATOR_PASSWORD");
        return (email, string.IsNullOrEmpty(given) ? AnsiConsole.Prompt(new TextPrompt<string>($"Password of {Markup.Escape(email)}:").Secret()) : given);
    }
    return StandaloneSystem.DemoAccount(system?.Data ?? options.Data, "operator")
        ?? throw new RehearsalException($"There is no demo-accounts.json in {options.Data}: name the running system's data folder with --data, or an account with --operator.");
}

static void Print(RehearsalReport report)
{
    foreach (var audit in report.Audits) { AnsiConsole.MarkupLine($"{(audit.Ok ? "[green]✓[/]" : "[red]✗[/]")} {Markup.Escape(audit.Name)} [grey]({Markup.Escape(audit.Detail)})[/]"); }
    var table = new Table().RoundedBorder().AddColumns("path", "answers", "per second", "p50 ms", "p90 ms", "p99 ms", "max ms");
    void Add(string name, PathFigures path) => table.AddRow(name, $"{path.Count}", $"{path.PerSecond:0}", $"{path.P50Ms:0.0}", $"{path.P90Ms:0.0}", $"{path.P99Ms:0.0}", $"{path.MaxMs:0.0}");
    Add("accepted · 발급", report.Accepted);
    Add("refused · 거절", report.Refused);
    AnsiConsole.Write(table);
    AnsiConsole.WriteLine($"Asked again after 503, 429 or silence: {report.AskedAgain}. Numbers against sending order: {report.Order.MeanPlaces} places apart on average, {report.Order.MaxPlaces} at most.");
    AnsiConsole.WriteLine(report.IssuedAfterMs is { } ms ? $"The last coupon was visible {ms:0} ms after the last acceptance." : "Not every coupon was visible in time.");
}
