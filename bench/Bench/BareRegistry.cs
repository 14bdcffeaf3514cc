using System.Globalization;

namespace FirstCome.Bench;

/// <summary>What the registry is measured against: a bare Kestrel that answers the same bytes without knowing what they mean. Arguments: bare-registry PORT FILE, the bytes compressed already.</summary>
internal static class BareRegistry
{
    public static async Task<int> RunAsync(string[] args)
    {
        var body = await File.ReadAllBytesAsync(args[2]);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{int.Parse(args[1], CultureInfo.InvariantCulture)}"));
        await using var app = builder.Build();
        app.MapGet("/eureka/apps", (HttpContext context) =>
        {
            context.Response.ContentType = "application/json";
            context.Response.Headers.ContentEncoding = "gzip";
            context.Response.ContentLength = body.Length;
            return context.Response.Body.WriteAsync(body, 0, body.Length);
        });
        app.MapPut("/eureka/apps/{app}/{id}", (HttpContext context) =>
        {
            context.Response.ContentLength = 0;
            return Task.CompletedTask;
        });
        await app.RunAsync();
        return 0;
    }
}
