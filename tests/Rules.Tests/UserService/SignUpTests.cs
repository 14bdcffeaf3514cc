using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class SignUpTests
{
    private const string Good = """{"email":"kim@example.com","password":"tree-river-9","displayName":"Kim","locale":"ko"}""";

    [Fact]
    public async Task Who_signs_up_gets_an_account_with_its_etag_and_can_sign_in()
    {
        await using var service = await RunningUserService.StartAsync();
        using var response = await service.SendAsync(HttpMethod.Post, "/api/users", Good.Replace("kim@", "Kim@", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var user = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal($"/api/users/{user["id"]}", response.Headers.Location?.ToString());
        Assert.Equal("\"1\"", response.Headers.ETag?.Tag);
        Assert.Equal("kim@example.com", (string?)user["email"]);
        Assert.Equal("""["member"]""", user["roles"]!.ToJsonString());
        Assert.Null(user["birthMonth"]);
        Assert.False((bool)user["locked"]!);
        Assert.EndsWith("Z", (string?)user["memberSince"], StringComparison.Ordinal);
        var (access, _) = await service.SignInAsync("KIM@example.com");
        var me = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: access);
        Assert.Equal(user.ToJsonString(), me.ToJsonString());
    }

    [Fact]
    public async Task An_address_has_one_account()
    {
        await using var service = await RunningUserService.StartAsync();
        await service.SignUpAsync("kim@example.com");
        var problem = await service.AskAsync(HttpStatusCode.Conflict, HttpMethod.Post, "/api/users", Good.Replace("kim@", "KIM@", StringComparison.Ordinal));
        Assert.Equal("/problems/email-taken", (string?)problem["type"]);
    }

    [Fact]
    public async Task Of_many_who_want_one_address_at_once_one_gets_it()
    {
        await using var service = await RunningUserService.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => service.SendAsync(HttpMethod.Post, "/api/users", Good)));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(19, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task The_demo_accounts_are_made_at_start_with_one_role_each_besides_member()
    {
        await using var service = await RunningUserService.StartAsync();
        var (access, _) = await service.SignInAsync(RunningUserService.OperatorEmail);
        var me = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: access);
        Assert.Equal("""["member","operator"]""", me["roles"]!.ToJsonString());
    }

    [Fact]
    public async Task Services_alone_may_ask_who_is_a_member()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = Guid.Parse((string)(await service.SignUpAsync("kim@example.com"))["id"]!);
        var stranger = Guid.CreateVersion7();
        var resolved = await service.ResolveAsync(new(["nobody@example.com", " ", "KIM@example.com", "kim@example.com"], [stranger, id]));
        Assert.Equal([null, null, id, id], resolved.Emails);
        Assert.Equal([false, true], resolved.Ids);
        var longest = $"{new string('a', 60)}@{string.Join('.', Enumerable.Repeat(new string('b', 63), 3))}";
        var many = await service.ResolveAsync(new([.. Enumerable.Repeat(longest, 999), "kim@example.com"]));
        Assert.Equal(id, many.Emails[^1]);
        Assert.All(many.Emails.SkipLast(1), unknown => Assert.Null(unknown));
        await service.AskAsync(HttpStatusCode.Unauthorized, HttpMethod.Post, "/internal/users/resolve", """{"emails":["kim@example.com"]}""");
    }
}
