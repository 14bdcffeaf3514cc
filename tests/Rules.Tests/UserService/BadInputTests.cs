using System.Net;
using FirstCome.Contracts.Campaigns;
using Xunit;

namespace FirstCome.RulesTests.UserService;

/// <summary>One service for every test that is to change nothing, with a member, an operator and an admin who are signed in.</summary>
public sealed class SharedUserService : IAsyncLifetime
{
    internal const string MemberEmail = "kim@example.com";

    internal RunningUserService Service { get; private set; } = null!;
    internal string Member { get; private set; } = "";
    internal string Operator { get; private set; } = "";
    internal string Admin { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Service = await RunningUserService.StartAsync();
        await Service.SignUpAsync(MemberEmail);
        (Member, _) = await Service.SignInAsync(MemberEmail);
        (Operator, _) = await Service.SignInAsync(RunningUserService.OperatorEmail);
        (Admin, _) = await Service.SignInAsync(RunningUserService.AdminEmail);
    }

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}

/// <summary>Whatever comes from outside: a 4xx problem that says what to change, and nothing written.</summary>
public sealed class BadInputTests(SharedUserService shared) : IClassFixture<SharedUserService>
{
    private const string Good = """{"email":"lee@example.com","password":"tree-river-9","displayName":"Lee","locale":"ko"}""";

    [Theory]
    [InlineData("", "body")]
    [InlineData("null", "body")]
    [InlineData("[]", "body")]
    [InlineData("{", "body")]
    [InlineData("{} {}", "body")]
    [InlineData("""{"email":"kim@example.com","password":"tree-river-9","displayName":"Kim","locale":"ko"/*x*/}""", "body")]
    [InlineData("""{"email":"kim@example.com","password":"tree-river-9","displayName":"Kim","locale":"ko","role":"admin"}""", "role")]
    [InlineData("""{"email":"kim@example.com","email":"lee@example.com","password":"tree-river-9","displayName":"Kim","locale":"ko"}""", "email")]
    [InlineData("""{"email":5,"password":"tree-river-9","displayName":"Kim","locale":"ko"}""", "email")]
    [InlineData("""{"email":["kim@example.com"],"password":"tree-river-9","displayName":"Kim","locale":"ko"}""", "email")]
    [InlineData("""{"email":"kim@example.com","password":{},"displayName":"Kim","locale":"ko"}""", "password")]
    [InlineData("""{"email":"kim","password":"tree-river-9","displayName":"Kim","locale":"ko"}""", "email")]
    [InlineData("""{"email":"kim@example.com","password":"short","displayName":"Kim","locale":"ko"}""", "password")]
    [InlineData("""{"email":"kim@example.com","password":"kim@example.com","displayName":"Kim","locale":"ko"}""", "password")]
    [InlineData("""{"email":"kim@example.com","password":"tree-river-9","displayName":"","locale":"ko"}""", "displayName")]
    [InlineData("""{"email":"kim@example.com","password":"tree-river-9","displayName":" \u0007 ","locale":"ko"}""", "displayName")]
    [InlineData("""{"email":"kim@example.com","password":"tree-river-9","displayName":"\u202Egnp.exe","locale":"ko"}""", "displayName")]
    [InlineData("""{"email":"kim@example.com","password":"tree-river-9","displayName":"\ud800","locale":"ko"}""", "displayName")]
    [InlineData("""{"email":"kim@example.com","password":"tree-river-9","displayName":"Kim","locale":"fr"}""", "locale")]
    [InlineData("""{"email":"kim@example.com","password":"tree-river-9","displayName":"Kim"}""", "locale")]
    [InlineData("""{"email":null,"password":null,"displayName":null,"locale":null}""", "email")]
    [InlineData("""{"Email":"kim@example.com","password":"tree-river-9","displayName":"Kim","locale":"ko"}""", "Email")]
    public async Task A_wrong_sign_up_names_the_field_and_writes_nothing(string body, string field)
    {
        var before = await shared.Service.DumpAsync();
        var problem = await shared.Service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "/api/users", body);
        Assert.Equal("/problems/invalid-request", (string?)problem["type"]);
        Assert.True(problem["errors"]!.AsObject().ContainsKey(field), problem.ToJsonString());
        Assert.Equal(before, await shared.Service.DumpAsync());
    }

    [Fact]
    public async Task Every_broken_rule_of_signing_up_is_told_at_once()
    {
        var problem = await shared.Service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "/api/users", "{}");
        Assert.Equal(["displayName", "email", "locale", "password"], problem["errors"]!.AsObject().Select(error => error.Key).Order());
    }

    [Fact]
    public async Task A_body_beyond_the_limit_or_of_another_type_is_refused()
    {
        await shared.Service.AskAsync(HttpStatusCode.RequestEntityTooLarge, HttpMethod.Post, "/api/users",
            Good.Replace("Lee", new string('x', 70_000), StringComparison.Ordinal));
        using var content = new FormUrlEncodedContent([new("email", "kim@example.com")]);
        using var response = await shared.Service.Http.PostAsync(new Uri("/api/users", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData("""{"email":"kim@example.com"}""", "password")]
    [InlineData("""{"password":"tree-river-9"}""", "email")]
    [InlineData("""{"email":"kim","password":"tree-river-9"}""", "email")]
    [InlineData("""{"email":"kim@example.com","password":"\u0000"}""", "password")]
    [InlineData("""{"email":"kim@example.com","password":12345678901}""", "password")]
    [InlineData("""{"email":"kim@example.com","password":"tree-river-9","remember":true}""", "remember")]
    public async Task A_wrong_sign_in_names_the_field_and_costs_no_hash(string body, string field)
    {
        var before = shared.Service.Computed;
        var problem = await shared.Service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "/api/auth/sign-in", body);
        Assert.True(problem["errors"]!.AsObject().ContainsKey(field), problem.ToJsonString());
        Assert.Equal(before, shared.Service.Computed);
    }

    [Theory]
    [InlineData("/api/auth/refresh", "{}", HttpStatusCode.BadRequest)]
    [InlineData("/api/auth/refresh", """{"refreshToken":""}""", HttpStatusCode.BadRequest)]
    [InlineData("/api/auth/refresh", """{"refreshToken":7}""", HttpStatusCode.BadRequest)]
    [InlineData("/api/auth/refresh", """{"refreshToken":"x","more":1}""", HttpStatusCode.BadRequest)]
    [InlineData("/api/auth/refresh", """{"refreshToken":"x"}""", HttpStatusCode.Unauthorized)]
    [InlineData("/api/auth/refresh", """{"refreshToken":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""", HttpStatusCode.Unauthorized)]
    [InlineData("/api/auth/refresh", """{"refreshToken":"\u0000\u202e"}""", HttpStatusCode.Unauthorized)]
    [InlineData("/api/auth/sign-out", "{}", HttpStatusCode.BadRequest)]
    [InlineData("/api/auth/sign-out", "[]", HttpStatusCode.BadRequest)]
    public async Task A_wrong_refresh_or_sign_out_is_refused(string path, string body, HttpStatusCode expected)
    {
        await shared.Service.AskAsync(expected, HttpMethod.Post, path, body);
    }

    [Fact]
    public async Task A_token_of_another_signer_or_of_none_is_refused()
    {
        var access = shared.Admin;
        var parts = access.Split('.');
        var none = System.Buffers.Text.Base64Url.EncodeToString("""{"alg":"none","typ":"JWT"}"""u8);
        string[] forgeries =
        [
            $"{none}.{parts[1]}.", $"{none}.{parts[1]}.{parts[2]}", $"{parts[0]}.{parts[1]}.", $"{parts[0]}.{parts[1]}.{parts[2][..^4]}AAAA", "x", "..",
            new string('x', 9_000),
        ];
        foreach (var forged in forgeries)
        {
            await shared.Service.AskAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me", token: forged);
        }
        await shared.Service.AskAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me");
    }

    [Theory]
    [InlineData("""{"email":"lee@example.com"}""", "email")]
    [InlineData("""{"roles":["admin"]}""", "roles")]
    [InlineData("""{"grade":"GOLD"}""", "grade")]
    [InlineData("""{"displayName":"  "}""", "displayName")]
    [InlineData("""{"locale":"KO"}""", "locale")]
    [InlineData("""{"birthMonth":0}""", "birthMonth")]
    [InlineData("""{"birthMonth":-2147483649}""", "birthMonth")]
    [InlineData("""{"birthMonth":"5"}""", "birthMonth")]
    public async Task Only_what_is_the_members_to_change_can_be_changed(string body, string field)
    {
        var access = shared.Member;
        var before = await shared.Service.DumpAsync();
        var problem = await shared.Service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Patch, "/api/users/me", body, access, "\"1\"");
        Assert.True(problem["errors"]!.AsObject().ContainsKey(field), problem.ToJsonString());
        Assert.Equal(before, await shared.Service.DumpAsync());
    }

    [Theory]
    [InlineData("""{"new":"cloud-lamp-77"}""", "current")]
    [InlineData("""{"current":"tree-river-9"}""", "new")]
    [InlineData("""{"current":"tree-river-9","new":"short"}""", "new")]
    [InlineData("""{"current":"tree-river-9","new":"tree-river-9"}""", "new")]
    [InlineData("""{"current":"tree-river-9","new":"kim@example.com"}""", "new")]
    [InlineData("""{"current":"tree-river-9","new":"password1234"}""", "new")]
    public async Task A_wrong_new_password_is_told_and_nothing_is_written(string body, string field)
    {
        var access = shared.Member;
        var before = await shared.Service.DumpAsync();
        var problem = await shared.Service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Put, "/api/users/me/password", body, access);
        Assert.True(problem["errors"]!.AsObject().ContainsKey(field), problem.ToJsonString());
        Assert.Equal(before, await shared.Service.DumpAsync());
    }

    [Theory]
    [InlineData("GET", "/api/users?limit=0", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users?limit=201", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users?limit=99999999999", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users?after=x", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users?after=WyJ4Il0", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users?query=%00", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users/audit?limit=0", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users/audit?after=WyJ4Il0", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users/audit?member=17", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users/audit?actor=", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users/17", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/users/00000000-0000-7000-8000-000000000000", null, HttpStatusCode.NotFound)]
    [InlineData("POST", "/api/users/00000000-0000-7000-8000-000000000000/lock", null, HttpStatusCode.NotFound)]
    [InlineData("POST", "/api/users/00000000-0000-7000-8000-000000000000/password-reset", null, HttpStatusCode.NotFound)]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/roles", """{"roles":[]}""", HttpStatusCode.NotFound)]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/roles", """{"roles":["king"]}""", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/roles", """{"roles":"admin"}""", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/roles", """{}""", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/attributes", """{"grade":"GOLD","tags":[],"birthMonth":13}""", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/attributes", """{"grade":"GOLD","tags":[],"birthMonth":1.5}""", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/attributes", """{"grade":"GOLD","tags":[],"birthMonth":99999999999}""", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/attributes", """{"grade":"<script>","tags":[]}""", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/attributes", """{"tags":[]}""", HttpStatusCode.BadRequest)]
    [InlineData("DELETE", "/api/users/00000000-0000-7000-8000-000000000000", null, HttpStatusCode.MethodNotAllowed)]
    public async Task A_wrong_order_of_an_admin_is_refused_and_writes_nothing(string method, string path, string? body, HttpStatusCode expected)
    {
        var admin = shared.Admin;
        var before = await shared.Service.DumpAsync();
        await shared.Service.AskAsync(expected, new HttpMethod(method), path, body, admin, "*");
        Assert.Equal(before, await shared.Service.DumpAsync());
    }

    [Theory]
    [InlineData("GET", "/api/users")]
    [InlineData("GET", "/api/users/audit")]
    [InlineData("GET", "/api/users/00000000-0000-7000-8000-000000000000")]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/roles")]
    [InlineData("PUT", "/api/users/00000000-0000-7000-8000-000000000000/attributes")]
    [InlineData("POST", "/api/users/00000000-0000-7000-8000-000000000000/lock")]
    [InlineData("POST", "/api/users/00000000-0000-7000-8000-000000000000/unlock")]
    [InlineData("POST", "/api/users/00000000-0000-7000-8000-000000000000/password-reset")]
    [InlineData("POST", "/api/auth/keys/rotate")]
    public async Task Operators_are_no_admins(string method, string path)
    {
        var access = shared.Operator;
        await shared.Service.AskAsync(HttpStatusCode.Forbidden, new HttpMethod(method), path, token: access);
        await shared.Service.AskAsync(HttpStatusCode.Unauthorized, new HttpMethod(method), path);
    }

    [Theory]
    [InlineData("""{"count":0}""")]
    [InlineData("""{"count":-5}""")]
    [InlineData("""{"count":100001}""")]
    [InlineData("""{"count":9999999999}""")]
    [InlineData("""{"count":1.5}""")]
    [InlineData("""{"count":"7"}""")]
    [InlineData("""{"count":null}""")]
    [InlineData("{}")]
    public async Task A_wrong_count_is_told(string body)
    {
        var campaign = shared.Service.CouponService.Add(rehearsal: true, CampaignPhase.Active);
        var access = shared.Operator;
        var problem = await shared.Service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Post, $"/api/rehearsals/{campaign.Id}/members", body, access);
        Assert.True(problem["errors"]!.AsObject().ContainsKey("count"), problem.ToJsonString());
        Assert.Equal(0, await shared.Service.ScalarAsync<int>("SELECT COUNT(*) FROM rehearsal"));
    }
}
