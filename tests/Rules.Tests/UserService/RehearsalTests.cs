using System.Net;
using System.Text.Json.Nodes;
using FirstCome.Contracts.Campaigns;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class RehearsalTests
{
    [Fact]
    public async Task An_operator_gets_tokens_that_are_good_for_one_campaign_and_nowhere_else()
    {
        await using var service = await RunningUserService.StartAsync();
        var campaign = service.CouponService.Add(rehearsal: true, CampaignPhase.Draft);
        var (access, _) = await service.SignInAsync(RunningUserService.OperatorEmail);
        using var response = await service.SendAsync(HttpMethod.Post, $"/api/rehearsals/{campaign.Id}/members", new { count = 150 }, access);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(150, lines.Select(line => (string)line["memberId"]!).Distinct().Count());
        Assert.Equal(150, lines.Select(line => (string)line["accessToken"]!).Distinct().Count());

        var token = (string)lines[0]["accessToken"]!;
        var payload = JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]))!;
        Assert.Equal((string?)lines[0]["memberId"], (string?)payload["sub"]);
        Assert.Equal(campaign.Id.ToString(), (string?)payload["rehearsal"]);
        Assert.Equal("""["member"]""", payload["roles"]!.ToJsonString());
        Assert.Equal(3600, (long)payload["exp"]! - (long)payload["iat"]!);
        await service.AskAsync(HttpStatusCode.Forbidden, HttpMethod.Get, "/api/users/me", token: token);
        await service.AskAsync(HttpStatusCode.Forbidden, HttpMethod.Delete, "/api/users/me", token: token);
        await service.AskAsync(HttpStatusCode.Forbidden, HttpMethod.Post, $"/api/rehearsals/{campaign.Id}/members", new { count = 1 }, token);
        Assert.Equal(2, await service.ScalarAsync<int>("SELECT COUNT(*) FROM member"));
        Assert.Equal(1, await service.ScalarAsync<int>(
            """SELECT COUNT(*) FROM administrative_change WHERE action = 'rehearsal-members' AND after_document = '{"members":150}'"""));
    }

    [Fact]
    public async Task A_campaign_gets_a_hundred_thousand_members_in_all()
    {
        await using var service = await RunningUserService.StartAsync();
        var campaign = service.CouponService.Add(rehearsal: true, CampaignPhase.Active);
        var (access, _) = await service.SignInAsync(RunningUserService.OperatorEmail);
        await service.Database.WriteAsync((connection, transaction, token) => Dapper.SqlMapper.ExecuteAsync(
            connection, "INSERT INTO rehearsal (campaign_id, members) VALUES (@id, 99998)", new { id = campaign.Id.ToByteArray(bigEndian: true) },
            transaction), TestContext.Current.CancellationToken);
        var problem = await service.AskAsync(HttpStatusCode.Conflict, HttpMethod.Post, $"/api/rehearsals/{campaign.Id}/members", new { count = 3 }, access);
        Assert.Equal("/problems/rehearsal-limit", (string?)problem["type"]);
        Assert.Contains("ask for 2", (string?)problem["detail"], StringComparison.Ordinal);
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => service.SendAsync(HttpMethod.Post, $"/api/rehearsals/{campaign.Id}/members", new { count = 1 }, access)));
        Assert.Equal(2, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Equal(100_000, await service.ScalarAsync<int>("SELECT members FROM rehearsal"));
    }

    [Fact]
    public async Task Only_rehearsals_that_go_on_have_synthetic_members()
    {
        await using var service = await RunningUserService.StartAsync();
        var (access, _) = await service.SignInAsync(RunningUserService.OperatorEmail);
        async Task RefusedAsync(HttpStatusCode expected, Guid campaign, string slug)
        {
            var problem = await service.AskAsync(expected, HttpMethod.Post, $"/api/rehearsals/{campaign}/members", new { count = 1 }, access);
            Assert.Equal($"/problems/{slug}", (string?)problem["type"]);
        }
        await RefusedAsync(HttpStatusCode.NotFound, Guid.CreateVersion7(), "campaign-unknown");
        await RefusedAsync(HttpStatusCode.Conflict, service.CouponService.Add(rehearsal: false, CampaignPhase.Active).Id, "conflict");
        await RefusedAsync(HttpStatusCode.Conflict, service.CouponService.Add(rehearsal: true, CampaignPhase.Archived).Id, "conflict");
        service.CouponService.Away = true;
        await RefusedAsync(HttpStatusCode.ServiceUnavailable, Guid.CreateVersion7(), "unavailable");
        Assert.Equal(0, await service.ScalarAsync<int>("SELECT COUNT(*) FROM rehearsal"));
    }

    [Fact]
    public async Task Members_admins_and_strangers_get_none()
    {
        await using var service = await RunningUserService.StartAsync();
        var campaign = service.CouponService.Add(rehearsal: true, CampaignPhase.Active);
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        await service.AskAsync(HttpStatusCode.Forbidden, HttpMethod.Post, $"/api/rehearsals/{campaign.Id}/members", new { count = 1 }, admin);
        await service.AskAsync(HttpStatusCode.Unauthorized, HttpMethod.Post, $"/api/rehearsals/{campaign.Id}/members", new { count = 1 });
    }
}
