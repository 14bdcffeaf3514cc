using System.Text;
using FirstCome.ConfigServer.Access;
using FirstCome.ConfigServer.Environments;
using FirstCome.ConfigServer.Git;
using FirstCome.ConfigServer.Requests;
using FirstCome.ConfigServer.TextFormats;

namespace FirstCome.ConfigServer.PlainFiles;

/// <summary>
/// <c>GET /{application}/{profile}/{label}/{path}</c>: a file of the repository, its variant for the profile first. Text has its placeholders
/// resolved unless it is asked for as <c>application/octet-stream</c>; what is not text goes out untouched.
/// </summary>
internal sealed class GetFile(GitRepositories repositories, EnvironmentResolver environments)
{
    private const long FileBytesMax = 10 * 1024 * 1024;
    private const string OctetStream = "application/octet-stream";

    public async Task HandleAsync(HttpContext context, EnvironmentQuery query, string path, Grant grant)
    {
        var git = repositories.For(query);
        if (git.Resolve(query.Label) is not { } commit || Find(git, commit.Commit, query, path, grant) is not { } blob)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.ContentLength = 0;
            return;
        }
        var content = git.Content(blob);
        var type = Asked(context.Request);
        if (type != OctetStream && AsText(content) is { } text)
        {
            if (ConfigRoute.ResolvesPlaceholders(context.Request) && Placeholders.In(text) && environments.Resolve(query) is { } environment)
                content = Encoding.UTF8.GetBytes(new Placeholders(environment).Resolve(text));
            context.Response.ContentType = type is "application/json" ? type : $"{type ?? "text/plain"};charset=UTF-8";
        }
        else
        {
            context.Response.ContentType = type ?? OctetStream;
        }
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.GetTypedHeaders().LastModified = git.CommittedAt(commit.Commit);
        context.Response.ContentLength = content.Length;
        await context.Response.Body.WriteAsync(content, context.RequestAborted);
    }

    private static BlobReference? Find(GitReader git, string commit, EnvironmentQuery query, string path, Grant grant)
    {
        var segments = path.Split('/');
        if (segments.Any(segment => segment is "" or "." or ".."))
            return null;
        var extension = Path.GetExtension(path);
        var stem = path[..^extension.Length];
        var files = query.Profiles.Split(',').Select(profile => profile == "default" ? path : $"{stem}-{profile}{extension}").Append(path).ToList();
        foreach (var candidate in SearchPaths.Folders(git.Options, query, query.Label).Reverse().SelectMany(folder => files.Select(file => folder + file)))
        {
            if (grant.AllowsFile(candidate) && git.File(commit, candidate) is { Size: <= FileBytesMax } blob)
                return blob;
        }
        return null;
    }

    /// <summary>Only types that a browser does not run are taken from the request.</summary>
    private static string? Asked(HttpRequest request)
        => request.GetTypedHeaders().Accept.OrderByDescending(range => range.Quality ?? 1).Select(range => range.MediaType.Value)
            .FirstOrDefault(type => type is OctetStream or "application/json" or "image/png" or "image/jpeg" or "image/gif");

    private static string? AsText(byte[] content)
    {
        try
        {
            return content.AsSpan().Contains((byte)0) ? null : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content);
        }
        catch (DecoderFallbackException)
        {
            // Not text, which is an answer, not a failure.
            return null;
        }
    }
}
