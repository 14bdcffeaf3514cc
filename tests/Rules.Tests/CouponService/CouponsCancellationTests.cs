using System.Net;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>Cancelling, and giving places back until IssueService has them.</summary>
public sealed class CouponsCancellationTests : IAsyncLifetime
{
    private readonly Guid _operatorId = Guid.CreateVersion7();
    private CouponsHost _host = null!;

    private string Operator => _host.Token(_operatorId, "operator");

    public async ValueTask InitializeAsync() => _host = await CouponsHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Cancelling_is_kept_with_who_and_why_and_again_answers_the_same()
    {
        var member = Guid.CreateVersion7();
        var code = await _host.IssueAsync(await _host.CampaignAsync(), member);
        var first = await CancelAsync(code, "duplicate account");
        Assert.Equal("cancelled", (string?)first.Is(200)["state"]);
        var again = await CancelAsync(code, "another reason");
        again.Is(200);
        Assert.Equal((first.Text, first.ETag), (again.Text, again.ETag));
        Assert.Equal(1, await _host.ScalarAsync(
            "SELECT COUNT(*) FROM coupon_cancellation WHERE operator_id = @id AND reason = 'duplicate account' AND released_at IS NULL",
            new { id = _operatorId.ToByteArray(bigEndian: true) }));
        Assert.Empty(_host.IssueService.Orders);
        Assert.Equal(0, await _host.ScalarAsync("SELECT COUNT(*) FROM release_outbox"));
        var mine = (await _host.SendAsync("GET", "/api/coupons/me?state=cancelled", _host.Token(member))).Is(200)["items"]!.AsArray();
        Assert.Equal(code, (string?)Assert.Single(mine)!["code"]);
    }

    [Fact]
    public async Task Used_and_expired_coupons_are_not_cancelled()
    {
        var campaign = await _host.CampaignAsync(releaseCancelled: true);
        var (used, expired) = (await _host.IssueAsync(campaign), await _host.IssueAsync(campaign));
        (await _host.RedeemAsync(_host.Token(Guid.CreateVersion7(), "merchant"), used, "order-1", 20_000, "key-1")).Is(201);
        Assert.NotNull((await CancelAsync(used)).Is(409, "coupon-used")["usedAt"]);
        _host.Time.Advance(TimeSpan.FromDays(40));
        (await CancelAsync(expired)).Is(409, "coupon-expired");
        Assert.Empty(_host.IssueService.Orders);
    }

    [Fact]
    public async Task A_released_place_is_told_to_IssueService_before_the_answer()
    {
        var campaign = await _host.CampaignAsync(releaseCancelled: true);
        var code = await _host.IssueAsync(campaign);
        (await CancelAsync(code)).Is(200);
        var (path, sequence, hasKey) = Assert.Single(_host.IssueService.Orders);
        Assert.Equal($"POST /internal/campaigns/{campaign.Id}/releases", path);
        Assert.Equal(await _host.ScalarAsync("SELECT sequence FROM coupon WHERE code = @code", new { code }), sequence);
        Assert.True(hasKey);
        Assert.Equal(0, await _host.ScalarAsync("SELECT COUNT(*) FROM release_outbox"));
        Assert.Equal(1, await _host.ScalarAsync("SELECT COUNT(*) FROM coupon_cancellation WHERE released_at IS NOT NULL"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_release_is_repeated_until_it_is_acknowledged(bool away)
    {
        var code = await _host.IssueAsync(await _host.CampaignAsync(releaseCancelled: true));
        _host.IssueService.Away = away;
        _host.IssueService.Status = HttpStatusCode.ServiceUnavailable;
        (await CancelAsync(code)).Is(200);
        Assert.Single(_host.IssueService.Orders);

        for (var attempt = 2; attempt <= 4; attempt++)
        {
            _host.Time.Advance(TimeSpan.FromMinutes(6));
            await CouponsHost.EventuallyAsync(() => Task.FromResult(_host.IssueService.Orders.Count == attempt), "the release is told again");
        }
        await CouponsHost.EventuallyAsync(async () => await ReleasesAsync() == "degraded", "health tells of it");
        Assert.Equal(1, await _host.ScalarAsync("SELECT COUNT(*) FROM release_outbox"));

        _host.IssueService.Away = false;
        _host.IssueService.Status = HttpStatusCode.NoContent;
        _host.Time.Advance(TimeSpan.FromMinutes(6));
        await CouponsHost.EventuallyAsync(async () => await _host.ScalarAsync("SELECT COUNT(*) FROM release_outbox") == 0, "the release is acknowledged");
        await CouponsHost.EventuallyAsync(async () => await ReleasesAsync() == "ok", "health tells of it");
        Assert.Equal(1, await _host.ScalarAsync("SELECT COUNT(*) FROM coupon_cancellation WHERE released_at IS NOT NULL"));
        Assert.Single(_host.IssueService.Orders.Select(order => order.Sequence).Distinct());
        var told = _host.IssueService.Orders.Count;
        _host.Time.Advance(TimeSpan.FromHours(1));
        (await CancelAsync(code)).Is(200);
        Assert.Equal(told, _host.IssueService.Orders.Count);
    }

    [Fact]
    public async Task One_release_that_is_refused_holds_no_other_up()
    {
        var campaign = await _host.CampaignAsync(releaseCancelled: true);
        var codes = new[] { await _host.IssueAsync(campaign), await _host.IssueAsync(campaign), await _host.IssueAsync(campaign) };
        _host.IssueService.Status = HttpStatusCode.NotFound;
        foreach (var code in codes) { (await CancelAsync(code)).Is(200); }
        _host.Time.Advance(TimeSpan.FromSeconds(5));
        await CouponsHost.EventuallyAsync(
            () => Task.FromResult(_host.IssueService.Orders.Skip(3).Select(order => order.Sequence).Distinct().Count() == 3), "each is tried again");
    }

    [Fact]
    public async Task Cancelling_and_redeeming_at_once_leaves_one_of_both()
    {
        var campaign = await _host.CampaignAsync(releaseCancelled: true);
        for (var round = 0; round < 10; round++)
        {
            var code = await _host.IssueAsync(campaign);
            var cancelling = CancelAsync(code);
            var redeemed = await _host.RedeemAsync(_host.Token(Guid.CreateVersion7(), "merchant"), code, "order-1", 20_000, $"key-{round}");
            var cancelled = await cancelling;
            if (redeemed.Status == HttpStatusCode.Created) { cancelled.Is(409, "coupon-used"); }
            else { redeemed.Is(409, "coupon-cancelled"); cancelled.Is(200); }
        }
        Assert.Equal(_host.IssueService.Orders.Count, await _host.ScalarAsync("SELECT COUNT(*) FROM coupon WHERE state = 3"));
    }

    [Fact]
    public async Task The_sweep_writes_expired_coupons_down_in_parts_and_their_entity_tag_stays()
    {
        var member = Guid.CreateVersion7();
        var campaign = await _host.CampaignAsync();
        var code = await _host.IssueAsync(campaign, member);
        await _host.ProduceAsync(Enumerable.Range(0, 1_200).Select(_ => _host.Message(campaign)));
        await CouponsHost.EventuallyAsync(async () => await _host.ScalarAsync("SELECT COUNT(*) FROM coupon") == 1_201, "the coupons are made");
        var fresh = await GetAsync();
        _host.Time.Advance(TimeSpan.FromDays(40));
        var expired = await GetAsync();
        Assert.Equal("expired", (string?)expired.Json["state"]);
        Assert.NotEqual(fresh.ETag, expired.ETag);
        await CouponsHost.EventuallyAsync(async () => await _host.ScalarAsync("SELECT COUNT(*) FROM coupon WHERE state = 4") == 1_201, "all are written down");
        var swept = await GetAsync();
        Assert.Equal((expired.Text, expired.ETag), (swept.Text, swept.ETag));

        Task<Answer> GetAsync() => _host.SendAsync("GET", $"/api/coupons/{code}", _host.Token(member));
    }

    private Task<Answer> CancelAsync(string code, string reason = "test") => _host.SendAsync("POST", $"/api/coupons/{code}/cancel", Operator, new { reason });

    private Task<string> ReleasesAsync() => _host.HealthAsync("coupon-releases");
}
