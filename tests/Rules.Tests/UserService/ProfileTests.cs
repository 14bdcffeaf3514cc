using System.Net;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class ProfileTests
{
    private const string Email = "kim@example.com";

    [Fact]
    public async Task What_is_left_out_of_a_change_stays_and_the_month_of_birth_is_told_once()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (access, _) = await service.SignInAsync(Email);
        await service.AskAsync(HttpStatusCode.PreconditionRequired, HttpMethod.Patch, "/api/users/me", new { displayName = "Lee" }, access);
        var me = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Patch, "/api/users/me", new { displayName = " Lee ", birthMonth = 5 }, access, "\"1\"");
        Assert.Equal(("Lee", "ko", 5), ((string?)me["displayName"], (string?)me["locale"], (int?)me["birthMonth"]));
        Assert.Equal(5, (await service.PublishedAsync(id, _ => true)).Attributes.BirthMonth);
        await service.AskAsync(HttpStatusCode.PreconditionFailed, HttpMethod.Patch, "/api/users/me", new { locale = "en" }, access, "\"1\"");
        await service.AskAsync(HttpStatusCode.Conflict, HttpMethod.Patch, "/api/users/me", new { birthMonth = 6 }, access, "\"2\"");
        me = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Patch, "/api/users/me", new { locale = "en", birthMonth = 5 }, access, "\"2\"");
        Assert.Equal(("Lee", "en", 5), ((string?)me["displayName"], (string?)me["locale"], (int?)me["birthMonth"]));
    }

    [Fact]
    public async Task Erasure_leaves_an_id_and_nothing_personal_and_every_token_is_refused()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/users/{id}/attributes",
            """{"grade":"GOLDGRADE","tags":["raretag"],"birthMonth":11}""", admin, "*");
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, $"/api/users/{id}/password-reset", token: admin);
        await service.TrySignInAsync(HttpStatusCode.Unauthorized, Email, "tree-river-8");
        var (access, refresh) = await service.SignInAsync(Email);
        await service.PublishedAsync(id, change => change.Attributes.Grade == "GOLDGRADE");

        await service.AskAsync(HttpStatusCode.NoContent, HttpMethod.Delete, "/api/users/me", token: access);
        var change = await service.PublishedAsync(id, change => change.Locked);
        Assert.Equal(("", 0, null), (change.Attributes.Grade, change.Attributes.Tags.Count, change.Attributes.BirthMonth));
        await service.EventuallyAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me", access);
        await service.RefreshAsync(HttpStatusCode.Unauthorized, refresh);
        await service.TrySignInAsync(HttpStatusCode.Unauthorized, Email);
        await service.AskAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/users/{id}", token: admin);
        await service.AskAsync(HttpStatusCode.NotFound, HttpMethod.Post, $"/api/users/{id}/unlock", token: admin);
        Assert.Equal([false], (await service.ResolveAsync(new(null, [Guid.Parse(id)]))).Ids);

        var dump = await service.DumpAsync();
        Assert.Contains(Guid.Parse(id).ToString("N"), dump, StringComparison.Ordinal);
        foreach (var personal in (string[])[Email, "Kim", "GOLDGRADE", "raretag"]) { Assert.DoesNotContain(personal, dump, StringComparison.Ordinal); }
        // The address may come back, as somebody else.
        Assert.NotEqual(id, (string?)(await service.SignUpAsync(Email))["id"]);
    }
}
