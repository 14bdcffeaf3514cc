using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace FirstCome.RulesTests.UserService;

/// <summary>A service whose database server is not there when it starts, registered as in production: from the section <c>Database</c>.</summary>
public sealed class DatabaseAwayTests
{
    private const string AdminEmail = "admin@example.com", Password = "tree-river-9";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("MariaDB")]
    [InlineData("MySQL")]
    public async Task It_starts_says_so_and_works_once_the_server_is_there(string engine)
    {
        var server = engine == "MySQL" ? await TestDatabases.MySqlAsync() : await TestDatabases.MariaDbAsync();
        var schema = await server.CreateSchemaAsync();
        using var folder = new TemporaryFolder();
        await server.StopAsync();
        await using var app = Create(folder, schema);
        using var http = new HttpClient();
        try
        {
            await app.StartAsync(Cancel);
            http.BaseAddress = new Uri(app.Urls.Single());
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("health/live", UriKind.Relative), Cancel)).StatusCode);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync(new Uri("health", UriKind.Relative), Cancel)).StatusCode);
            using var refused = await SignInAsync(http);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (refused.StatusCode, refused.Headers.RetryAfter is not null));
            Assert.DoesNotContain(schema.Password, await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
        finally { await server.RestartAsync(); }
        // The schema, and then the accounts of the bootstrap file, without anybody's help.
        await Eventually.TrueAsync(async () =>
        {
            using var answer = await SignInAsync(http);
            return answer.StatusCode == HttpStatusCode.OK;
        }, s_limit, "the admin can sign in");
        var health = await http.GetFromJsonAsync<JsonNode>(new Uri("health", UriKind.Relative), Cancel);
        Assert.Equal("ok", (string?)health!["checks"]!.AsArray().Single(check => (string?)check!["name"] == "database")!["status"]);
        await app.StopAsync(Cancel);
    }

    [Fact]
    public async Task Every_wrong_setting_is_told_at_once()
    {
        using var folder = new TemporaryFolder();
        await using var app = Create(folder, new DatabaseOptions { Name = "no name", Port = 0, PoolMax = 1, CommandTimeout = TimeSpan.FromMinutes(1) });
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync(Cancel));
        string[] keys = ["Server", "Port", "Name", "User", "Password", "PoolMax", "CommandTimeout"];
        Assert.Equal(keys, refusal.Failures.Select(failure => failure.Split(' ')[0]["Database:".Length..]));
    }

    private static Task<HttpResponseMessage> SignInAsync(HttpClient http) =>
        http.PostAsJsonAsync(new Uri("api/auth/sign-in", UriKind.Relative), new { email = AdminEmail, password = Password }, Cancel);

    private static WebApplication Create(TemporaryFolder folder, DatabaseOptions database)
    {
        var accounts = folder.File("accounts.json");
        File.WriteAllText(accounts, $$"""[{"role":"admin","email":"{{AdminEmail}}","password":"{{Password}}"}]""");
        if (!OperatingSystem.IsWindows()) { File.SetUnixFileMode(accounts, UnixFileMode.UserRead | UnixFileMode.UserWrite); }
        return FirstCome.UserService.Program.Create(
        [
            "--Service:Url=http://127.0.0.1:0", "--Service:Key=a-key-of-thirty-two-characters-or-more", "--Eureka:ServerUrls=", "--ConfigServer:Urls=", "--Passwords:Iterations=1000",
            $"--Keys:Folder={folder.File("keys")}", $"--Bootstrap:AccountsFile={accounts}", $"--Database:Server={database.Server}", $"--Database:Name={database.Name}", $"--Database:User={database.User}",
            $"--Database:Password={database.Password}", string.Create(CultureInfo.InvariantCulture, $"--Database:Port={database.Port}"),
            string.Create(CultureInfo.InvariantCulture, $"--Database:PoolMax={database.PoolMax}"), $"--Database:CommandTimeout={database.CommandTimeout}",
        ], builder =>
        {
            builder.Logging.SetMinimumLevel(LogLevel.None);
            builder.Services.AddEmbeddedLog(new EmbeddedLogOptions { File = folder.File("log.db") });
        });
    }
}
