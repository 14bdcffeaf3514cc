using FirstCome.ConfigServer.Access;
using FirstCome.ConfigServer.Documents;
using FirstCome.ConfigServer.Environments;
using FirstCome.ConfigServer.Git;
using FirstCome.ConfigServer.Health;
using FirstCome.ConfigServer.PlainFiles;
using FirstCome.ConfigServer.Secrets;
using FirstCome.ConfigServer.TextFormats;

namespace FirstCome.ConfigServer.Requests;

/// <summary>Everything that is not one of the service's own pages is a question for settings.</summary>
internal static class ServeSettings
{
    public static void AddSettings(this IServiceCollection services)
    {
        services.AddSingleton<BoundedCache>();
        services.AddSingleton<GitRepositories>();
        services.AddSingleton<SettingsChanges>();
        services.AddSingleton<RemoteFetching>();
        services.AddHostedService(provider => provider.GetRequiredService<RemoteFetching>());
        services.AddSingleton<Ciphers>();
        services.AddSingleton<Credentials>();
        services.AddSingleton<SettingsFiles>();
        services.AddSingleton<BrokenSettings>();
        services.AddSingleton<EnvironmentResolver>();
        services.AddSingleton<WaitForChange>();
        services.AddSingleton<GetEnvironment>();
        services.AddSingleton<GetText>();
        services.AddSingleton<GetFile>();
    }

    public static void MapSettings(this IEndpointRouteBuilder routes)
        => routes.Map("/{**path}", HandleAsync).ExcludeFromDescription();

    private static async Task HandleAsync(HttpContext context)
    {
        var services = context.RequestServices;
        if (services.GetRequiredService<Credentials>().ReadsOf(context) is not { } grant)
        {
            await SpringError.WriteAsync(context, StatusCodes.Status401Unauthorized);
            return;
        }
        var route = ConfigRoute.Of(context);
        try
        {
            switch (route)
            {
                case RefusedRoute { Explained: true } refused:
                    await SpringError.WriteAsync(context, refused.Status);
                    break;
                case RefusedRoute refused:
                    context.Response.StatusCode = refused.Status;
                    context.Response.ContentLength = 0;
                    break;
                case var _ when HttpMethods.IsOptions(context.Request.Method):
                    context.Response.Headers.Allow = "GET,HEAD,OPTIONS";
                    break;
                case var _ when !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method):
                    context.Response.Headers.Allow = "GET";
                    await SpringError.WriteAsync(context, StatusCodes.Status405MethodNotAllowed);
                    break;
                case QueryRoute query when !grant.Allows(query.Query):
                    await SpringError.WriteAsync(context, StatusCodes.Status403Forbidden);
                    break;
                case EnvironmentRoute environment:
                    await services.GetRequiredService<GetEnvironment>().HandleAsync(context, environment.Query);
                    break;
                case TextRoute text:
                    await services.GetRequiredService<GetText>().HandleAsync(context, text.Query, text.Format);
                    break;
                case FileRoute file:
                    await services.GetRequiredService<GetFile>().HandleAsync(context, file.Query, file.Path, grant);
                    break;
            }
        }
        catch (BrokenSettingsException)
        {
            // Reported where it was found.
            await SpringError.WriteAsync(context, StatusCodes.Status500InternalServerError);
        }
        catch (RepositoryUnavailableException e)
        {
            Log.RepositoryUnavailable(services.GetRequiredService<ILogger<GitReader>>(), e.Message);
            await SpringError.WriteAsync(context, StatusCodes.Status503ServiceUnavailable);
        }
    }
}

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "{Problem}")]
    public static partial void RepositoryUnavailable(ILogger logger, string problem);
}
