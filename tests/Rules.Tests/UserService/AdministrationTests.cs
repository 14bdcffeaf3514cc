using System.Net;
using System.Text.Json.Nodes;
using FirstCome.Contracts.Messages;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class AdministrationTests
{
    private const string Email = "kim@example.com";

    [Fact]
    public async Task New_roles_are_published_refuse_older_tokens_and_stand_in_the_next_one()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (access, refresh) = await service.SignInAsync(Email);
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        await service.AskAsync(HttpStatusCode.Forbidden, HttpMethod.Get, "/api/users", token: access);

        var user = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/users/{id}/roles", """{"roles":["admin"]}""", admin,
            await service.TagAsync(id, admin));
        Assert.Equal("""["member","admin"]""", user["roles"]!.ToJsonString());
        var change = await service.PublishedAsync(id, change => change.TokensValidFrom > service.Time.GetUtcNow());
        Assert.False(change.Locked);
        await service.EventuallyAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users", access);
        var next = await service.RefreshAsync(HttpStatusCode.OK, refresh);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users", token: (string?)next["accessToken"]);
        Assert.Equal(1, await service.ScalarAsync<int>(
            """
            SELECT COUNT(*) FROM administrative_change
            WHERE action = 'roles' AND before_document LIKE '%"roles":["member"]%' AND after_document LIKE '%"roles":["member","admin"]%'
            """));
    }

    [Fact]
    public async Task The_audit_trail_is_read_newest_first_by_member_and_by_actor_page_after_page()
    {
        await using var service = await RunningUserService.StartAsync();
        var one = (string)(await service.SignUpAsync(Email))["id"]!;
        var other = (string)(await service.SignUpAsync("lee@example.com"))["id"]!;
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        var me = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: admin);
        var by = (string)me["id"]!;
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, $"/api/users/{one}/lock", token: admin);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, $"/api/users/{other}/lock", token: admin);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, $"/api/users/{one}/unlock", token: admin);

        var first = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, $"/api/users/audit?member={one}&actor={by}&limit=1", token: admin);
        var newest = Assert.Single(first["items"]!.AsArray())!;
        Assert.Equal(("unlock", by, one), ((string)newest["action"]!, (string)newest["by"]!, (string)newest["memberId"]!));
        Assert.Equal((true, false), ((bool)newest["before"]!["locked"]!, (bool)newest["after"]!["locked"]!));
        Assert.Equal(((string?)me["displayName"], "Kim"), ((string?)newest["byName"], (string?)newest["memberName"]));
        var second = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, $"/api/users/audit?member={one}&limit=1&after={first["next"]}", token: admin);
        Assert.Equal("lock", (string)Assert.Single(second["items"]!.AsArray())!["action"]!);
        Assert.Null(second["next"]);
        var byMember = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, $"/api/users/audit?actor={one}", token: admin);
        Assert.Empty(byMember["items"]!.AsArray());

        // Of who is erased, the trail keeps the id alone.
        var (token, _) = await service.SignInAsync(Email);
        await service.AskAsync(HttpStatusCode.NoContent, HttpMethod.Delete, "/api/users/me", $$"""{"password":"{{RunningUserService.Password}}"}""", token);
        var erased = Assert.Single((await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, $"/api/users/audit?member={one}&limit=1", token: admin))["items"]!.AsArray())!;
        Assert.Equal((one, null, (string?)me["displayName"]), ((string)erased["memberId"]!, (string?)erased["memberName"], (string?)erased["byName"]));
    }

    [Fact]
    public async Task An_operator_finds_one_member_by_the_whole_address_or_the_id_and_nobody_by_a_part()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (access, refresh) = await service.SignInAsync(Email);
        await service.AskAsync(HttpStatusCode.Forbidden, HttpMethod.Get, $"/api/operations/members?email={Email}", token: access);
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/users/{id}/roles", """{"roles":["operator"]}""", admin, await service.TagAsync(id, admin));
        await service.EventuallyAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me", access);
        var token = (string?)(await service.RefreshAsync(HttpStatusCode.OK, refresh))["accessToken"];

        foreach (var asked in (string[])["email=KIM%40example.com", $"id={id}"])
        {
            var found = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, $"/api/operations/members?{asked}", token: token);
            Assert.Equal((id, Email), ((string)found["id"]!, (string)found["email"]!));
            Assert.Null(found["roles"]);
        }
        await service.AskAsync(HttpStatusCode.NotFound, HttpMethod.Get, "/api/operations/members?email=im%40example.com", token: token);
        foreach (var wrong in (string[])["", "?email=kim", "?id=kim", $"?email={Email}&id={id}"]) { await service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Get, $"/api/operations/members{wrong}", token: token); }
    }

    [Fact]
    public async Task Attributes_are_published_whole_and_tokens_stay_good()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (access, _) = await service.SignInAsync(Email);
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/users/{id}/attributes", """{"grade":"GOLD","tags":["vip","서울"],"birthMonth":5}""",
            admin, await service.TagAsync(id, admin));
        var change = await service.PublishedAsync(id, change => change.Attributes.Grade == "GOLD");
        Assert.Equal(["vip", "서울"], change.Attributes.Tags);
        Assert.Equal(5, change.Attributes.BirthMonth);
        Assert.True(change.TokensValidFrom <= service.Time.GetUtcNow());
        var me = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: access);
        Assert.Equal("GOLD", (string?)me["grade"]);
    }

    [Fact]
    public async Task A_lock_refuses_tokens_and_sessions_and_unlocking_gives_none_of_them_back()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (access, refresh) = await service.SignInAsync(Email);
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        Assert.True((bool)(await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, $"/api/users/{id}/lock", token: admin))["locked"]!);
        await service.PublishedAsync(id, change => change.Locked);
        await service.EventuallyAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me", access);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, $"/api/users/{id}/unlock", token: admin);
        await service.PublishedAsync(id, change => !change.Locked && change.TokensValidFrom > service.Time.GetUtcNow());
        await service.RefreshAsync(HttpStatusCode.Unauthorized, refresh);
        await service.AskAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me", token: access);
        await service.SignInAsync(Email);
    }

    [Fact]
    public async Task Standings_of_one_member_carry_growing_instants_though_the_clock_stands()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        var instants = new List<DateTimeOffset>();
        for (var i = 0; i < 4; i++)
        {
            var locks = i % 2 == 0;
            await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, $"/api/users/{id}/{(locks ? "lock" : "unlock")}", token: admin);
            MemberChanged change = await service.PublishedAsync(id, change => change.Locked == locks && (instants.Count == 0 || change.At > instants[^1]));
            instants.Add(change.At);
        }
        Assert.Equal(instants.Distinct().Order(), instants);
    }

    [Fact]
    public async Task A_change_needs_the_version_it_is_based_on_and_repeating_it_changes_nothing()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        var body = new { grade = "GOLD", tags = Array.Empty<string>() };
        await service.AskAsync(HttpStatusCode.PreconditionRequired, HttpMethod.Put, $"/api/users/{id}/attributes", body, admin);
        await service.AskAsync(HttpStatusCode.PreconditionFailed, HttpMethod.Put, $"/api/users/{id}/attributes", body, admin, "\"9\"");
        await service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Put, $"/api/users/{id}/attributes", body, admin, "nine");
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/users/{id}/attributes", body, admin, "\"1\"");
        await service.AskAsync(HttpStatusCode.PreconditionFailed, HttpMethod.Put, $"/api/users/{id}/attributes", body, admin, "\"1\"");
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/users/{id}/attributes", body, admin, "\"2\"");
        Assert.Equal("\"2\"", await service.TagAsync(id, admin));
        await service.AskAsync(HttpStatusCode.PreconditionFailed, HttpMethod.Post, $"/api/users/{id}/lock", token: admin, ifMatch: "\"1\"");
        Assert.Equal(1, await service.ScalarAsync<int>("SELECT COUNT(*) FROM administrative_change"));
    }

    [Fact]
    public async Task An_admin_always_remains()
    {
        await using var service = await RunningUserService.StartAsync();
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        var id = (string)(await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: admin))["id"]!;
        await service.AskAsync(HttpStatusCode.Conflict, HttpMethod.Put, $"/api/users/{id}/roles", """{"roles":["operator"]}""", admin, "*");
        await service.AskAsync(HttpStatusCode.Conflict, HttpMethod.Post, $"/api/users/{id}/lock", token: admin);
        await service.AskAsync(HttpStatusCode.Conflict, HttpMethod.Delete, "/api/users/me", token: admin);
        // With a second admin one may go; a token that outlives the role is no help.
        var other = (string)(await service.SignUpAsync(Email))["id"]!;
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/users/{other}/roles", """{"roles":["admin"]}""", admin, "*");
        var (second, _) = await service.SignInAsync(Email);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/users/{id}/roles", """{"roles":[]}""", second, "*");
        using var late = await service.SendAsync(HttpMethod.Put, $"/api/users/{other}/roles", """{"roles":[]}""", admin, "*");
        Assert.True(late.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized);
        await service.AskAsync(HttpStatusCode.Conflict, HttpMethod.Delete, "/api/users/me", token: second);
    }

    [Fact]
    public async Task Two_admins_who_take_the_role_from_each_other_at_once_do_not_both_succeed()
    {
        await using var service = await RunningUserService.StartAsync();
        var (first, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        var firstId = (string)(await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: first))["id"]!;
        var secondId = (string)(await service.SignUpAsync(Email))["id"]!;
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/users/{secondId}/roles", """{"roles":["admin"]}""", first, "*");
        var (second, _) = await service.SignInAsync(Email);
        var none = """{"roles":[]}""";
        var answers = await Task.WhenAll(service.SendAsync(HttpMethod.Put, $"/api/users/{secondId}/roles", none, first, "*"),
            service.SendAsync(HttpMethod.Put, $"/api/users/{firstId}/roles", none, second, "*"));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(1, await service.ScalarAsync<int>("SELECT COUNT(*) FROM member WHERE roles & 8 <> 0"));
    }

    [Fact]
    public async Task Accounts_are_found_by_page_and_by_text_taken_literally()
    {
        await using var service = await RunningUserService.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await service.SignUpAsync($"member_{i}@example.com");
            service.Time.Advance(TimeSpan.FromMilliseconds(2));
        }
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        var found = new List<string>();
        var next = "";
        do
        {
            var page = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, $"/api/users?limit=2&query=MEMBER_{next}", token: admin);
            found.AddRange(page["items"]!.AsArray().Select(user => (string)user!["email"]!));
            Assert.InRange(page["items"]!.AsArray().Count, 1, 2);
            next = page["next"] is JsonValue after ? $"&after={after}" : null;
        }
        while (next is not null);
        Assert.Equal(["member_4@example.com", "member_3@example.com", "member_2@example.com", "member_1@example.com", "member_0@example.com"], found);
        Assert.Empty((await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users?query=m_mber", token: admin))["items"]!.AsArray());
        Assert.Empty((await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users?query=member%25", token: admin))["items"]!.AsArray());
        Assert.Equal(7, (await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users", token: admin))["items"]!.AsArray().Count);
        var id = (string)(await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users?query=member_3", token: admin))["items"]![0]!["id"]!;
        Assert.Single((await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, $"/api/users?query={id}", token: admin))["items"]!.AsArray());
    }
}
