using System.Text;
using System.Text.Json;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FirstCome.RulesTests.ServiceDefaults;

/// <summary>A service of nothing but the defaults and what a test adds, on a port of its own, with neither registry nor config server.</summary>
internal sealed class TinyService : IAsyncDisposable
{
    public const string Key = "a-key-for-tests-only-0123456789abcdef";
    private readonly WebApplication _app;

    private TinyService(WebApplication app)
    {
        _app = app;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Client = new HttpClient { BaseAddress = new Uri(address) };
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public int Port => Client.BaseAddress!.Port;

    public static string[] Arguments(params string[] more) =>
        ["--Service:Url=http://127.0.0.1:0", $"--Service:Key={Key}", "--Eureka:ServerUrls=", "--ConfigServer:Urls=", "--Logging:LogLevel:Default=None", .. more];

    public static async Task<TinyService> StartAsync(Action<WebApplication> map, Action<WebApplicationBuilder>? add = null, string name = "tiny-service", params string[] arguments)
    {
        var builder = WebApplication.CreateSlimBuilder(Arguments(arguments));
        builder.AddServiceDefaults(name);
        add?.Invoke(builder);
        var app = builder.Build();
        app.MapServiceDefaults();
        map(app);
        return await StartAsync(app);
    }

    public static async Task<TinyService> StartAsync(WebApplication app)
    {
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TinyService(app);
    }

    public async Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) => await SendAsync(HttpMethod.Get, path, null, headers);

    public async Task<Answer> PostAsync(string path, string? json, params (string Name, string Value)[] headers) =>
        await SendAsync(HttpMethod.Post, path, json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"), headers);

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers) { request.Headers.TryAddWithoutValidation(name, value); }
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var isJson = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, isJson ? JsonSerializer.Deserialize<JsonElement>(text) : default, text,
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>What came back, read whole.</summary>
internal sealed record Answer(int Status, string? MediaType, JsonElement Json, string Text, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>Asserts a problem of this type and returns the fields that its errors name.</summary>
    public IReadOnlyList<string> ShouldBeProblem(int status, string slug)
    {
        Assert.True(Status == status && MediaType == "application/problem+json", $"{Status} {MediaType}: {Text}");
        Assert.Equal("/problems/" + slug, Json.GetProperty("type").GetString());
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrEmpty(Json.GetProperty("traceId").GetString()));
        Assert.False(string.IsNullOrEmpty(Json.GetProperty("detail").GetString()));
        return Json.TryGetProperty("errors", out var errors) ? [.. errors.EnumerateObject().Select(error => error.Name)] : [];
    }
}
