using System.Text;
using FirstCome.ConfigServer.Documents;
using FirstCome.ConfigServer.Environments;
using FirstCome.ConfigServer.Requests;

namespace FirstCome.ConfigServer.TextFormats;

internal enum TextFormat
{
    Yaml,
    Properties,
    Json,
}

/// <summary><c>GET [/{label}]/{application}-{profiles}.yml</c>, <c>.yaml</c>, <c>.properties</c> or <c>.json</c>: all sources merged.</summary>
internal sealed class GetText(EnvironmentResolver environments, ILogger<GetText> logger)
{
    public async Task HandleAsync(HttpContext context, EnvironmentQuery query, TextFormat format)
    {
        if (environments.Resolve(query) is not { } environment)
        {
            await SpringError.WriteAsync(context, StatusCodes.Status404NotFound);
            return;
        }
        try
        {
            var placeholders = ConfigRoute.ResolvesPlaceholders(context.Request) ? new Placeholders(environment) : null;
            var body = Encoding.UTF8.GetBytes(Render(environment, format, placeholders));
            context.Response.ContentType = format == TextFormat.Json ? "application/json" : "text/plain";
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
        catch (KeyConflictException e)
        {
            Log.NoTree(logger, query.Application, e.Message);
            await SpringError.WriteAsync(context, StatusCodes.Status500InternalServerError);
        }
    }

    internal static string Render(ResolvedEnvironment environment, TextFormat format, Placeholders? placeholders)
    {
        var flat = MergedSettings.Flat(environment);
        switch (format)
        {
            case TextFormat.Properties:
                return string.Join('\n', flat.Select(setting => $"{setting.Key}: {(placeholders?.Resolve(setting.Value) ?? setting.Value).Text}"));
            case TextFormat.Json:
                var json = new JsonText(escapeAstral: false);
                WriteJson(json, MergedSettings.Tree(flat), placeholders);
                return json.ToString();
            default:
                return YamlText.Render(MergedSettings.Tree(flat), placeholders);
        }
    }

    private static void WriteJson(JsonText json, object? node, Placeholders? placeholders)
    {
        switch (node)
        {
            case OrderedDictionary<string, object> map:
                json.Raw("{");
                for (var i = 0; i < map.Count; i++)
                {
                    json.Raw(i == 0 ? "" : ",").Text(map.GetAt(i).Key).Raw(":");
                    WriteJson(json, map.GetAt(i).Value, placeholders);
                }
                json.Raw("}");
                break;
            case List<object?> list:
                json.Raw("[");
                for (var i = 0; i < list.Count; i++)
                {
                    json.Raw(i == 0 ? "" : ",");
                    WriteJson(json, list[i], placeholders);
                }
                json.Raw("]");
                break;
            case SettingValue value:
                json.Value(placeholders?.Resolve(value) ?? value);
                break;
            default:
                json.Raw("null");
                break;
        }
    }
}

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The settings of {Application} cannot be written as one tree: {Problem}")]
    public static partial void NoTree(ILogger logger, string application, string problem);
}
