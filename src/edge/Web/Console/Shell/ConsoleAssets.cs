using System.Collections.Frozen;
using System.Reflection;
using FirstCome.Web.Pages;
using Microsoft.AspNetCore.Authorization;

namespace FirstCome.Web.Console.Shell;

/// <summary>Scripts and styles of the console, out of the assembly; compressed at the first use.</summary>
internal sealed class ConsoleAssets
{
    private const string ResourcePrefix = "console/", ResourceSuffix = ".asset", AskAgain = "no-cache";

    private static readonly FrozenDictionary<string, string> s_types = new Dictionary<string, string>
    {
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
    }.ToFrozenDictionary();

    private readonly FrozenDictionary<string, Lazy<PageFile>> _files = Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[ResourcePrefix.Length..^ResourceSuffix.Length], name => new Lazy<PageFile>(() => Read(name)), StringComparer.Ordinal);

    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapMethods("/assets/{name}", [HttpMethods.Get, HttpMethods.Head], (string name, HttpContext context) =>
    {
        if (_files.GetValueOrDefault(name) is { } file) { return file.Value.SendAsync(context, AskAgain); }
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }).WithMetadata(new AllowAnonymousAttribute());

    private static PageFile Read(string resource)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new(content, s_types[Path.GetExtension(resource[..^ResourceSuffix.Length])]);
    }
}
