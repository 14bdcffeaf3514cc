using FirstCome.Web.Console.Session;

namespace FirstCome.Web.Console.Rehearsals;

/// <summary><c>GET /console/rehearsals/{id}.html</c>: a report to keep, as a file: it is never shown as a page of the console.</summary>
internal static class DownloadReport
{
    public static void MapReportDownload(this IEndpointRouteBuilder console) => console.MapGet("/rehearsals/{id:guid}.html", (Guid id, RunRehearsals rehearsals) =>
        rehearsals.Runs.FirstOrDefault(run => run.Id == id)?.Outcome is { } outcome
            ? Results.File(System.Text.Encoding.UTF8.GetBytes(outcome.Page), "text/html; charset=utf-8", $"rehearsal-{id}.html")
            : Results.NotFound()).RequireAuthorization(ConsolePolicies.Operators).ExcludeFromDescription();
}
