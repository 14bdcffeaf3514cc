using Xunit;

namespace FirstCome.RulesTests.Authentication;

/// <summary>Whom a service lets in, and for how long.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private readonly TokenService _tokens = new();
    private readonly Guid _campaign = Guid.CreateVersion7();

    public ValueTask InitializeAsync() => _tokens.InitializeAsync();

    public ValueTask DisposeAsync() => _tokens.DisposeAsync();

    [Fact]
    public async Task A_right_token_tells_who_calls()
    {
        var answer = await _tokens.AskAsync("/member", _tokens.Token());
        Assert.Equal(200, answer.Status);
        Assert.Equal(_tokens.Member, answer.Json.GetProperty("memberId").GetGuid());
        var attributes = answer.Json.GetProperty("attributes");
        Assert.Equal("gold", attributes.GetProperty("grade").GetString());
        Assert.Equal(["vip", "early"], attributes.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal(5, attributes.GetProperty("birthMonth").GetInt32());
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), attributes.GetProperty("memberSince").GetDateTimeOffset());
        Assert.Equal(_tokens.Member.ToString(), (await _tokens.AskAsync("/open", _tokens.Token())).Text);
    }

    [Fact]
    public async Task Without_a_token_only_open_paths_answer()
    {
        Assert.Equal("nobody", (await _tokens.Service.GetAsync("/open")).Text);
        var answer = await _tokens.Service.GetAsync("/member");
        answer.ShouldBeProblem(401, "unauthenticated");
        Assert.StartsWith("Bearer", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_remembered_token_ends_with_its_expiry()
    {
        var token = _tokens.Token();
        Assert.Equal(200, (await _tokens.AskAsync("/member", token)).Status);
        _tokens.Time.Advance(TimeSpan.FromSeconds(595));
        Assert.Equal(200, (await _tokens.AskAsync("/member", token)).Status);
        _tokens.Time.Advance(TimeSpan.FromSeconds(6));
        var answer = await _tokens.AskAsync("/member", token);
        answer.ShouldBeProblem(401, "unauthenticated");
        Assert.Contains("expired", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Roles_are_needed_where_they_are_asked_for()
    {
        (await _tokens.AskAsync("/operator", _tokens.Token())).ShouldBeProblem(403, "forbidden");
        (await _tokens.AskAsync("/operator", TokenOf("member", "merchant"))).ShouldBeProblem(403, "forbidden");
        Assert.Equal(200, (await _tokens.AskAsync("/operator", TokenOf("member", "operator"))).Status);
        Assert.Equal(200, (await _tokens.AskAsync("/operator", TokenOf("admin"))).Status);
        Assert.Equal(403, (await _tokens.AskAsync("/operator", TokenOf("OPERATOR", "superuser"))).Status);
    }

    [Fact]
    public async Task A_rehearsal_token_is_good_for_claims_on_its_campaign_only()
    {
        var token = _tokens.Token(("rehearsal", _campaign.ToString()), ("roles", RolesOf("operator")));
        Assert.Equal(200, (await _tokens.AskAsync($"/campaigns/{_campaign}/claims", token)).Status);
        Assert.Equal(200, (await _tokens.AskAsync("/token", token)).Status);
        (await _tokens.AskAsync($"/campaigns/{Guid.CreateVersion7()}/claims", token)).ShouldBeProblem(403, "forbidden");
        (await _tokens.AskAsync("/campaigns/nothing/claims", token)).ShouldBeProblem(403, "forbidden");
        (await _tokens.AskAsync("/member", token)).ShouldBeProblem(403, "forbidden");
        (await _tokens.AskAsync("/operator", token)).ShouldBeProblem(403, "forbidden");
        Assert.Equal(200, (await _tokens.AskAsync($"/campaigns/{_campaign}/claims", _tokens.Token())).Status);
    }

    [Fact]
    public async Task A_locked_member_is_refused_also_with_a_remembered_token()
    {
        var (token, other) = (_tokens.Token(), _tokens.Maker.Make(TokenMaker.Claims(Guid.CreateVersion7(), _tokens.Time.GetUtcNow())));
        Assert.Equal(200, (await _tokens.AskAsync("/member", token)).Status);
        _tokens.Log.Publish(_tokens.Change(locked: true));
        await TokenService.UntilAsync(async () => (await _tokens.AskAsync("/member", token)).Status == 401, "the member is refused");
        Assert.Equal(200, (await _tokens.AskAsync("/member", other)).Status);
        _tokens.Log.Publish(_tokens.Change() with { At = _tokens.Time.GetUtcNow().AddSeconds(1) });
        await TokenService.UntilAsync(async () => (await _tokens.AskAsync("/member", token)).Status == 200, "the member is let in again");
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_earlier_tokens_and_no_later_ones()
    {
        var before = _tokens.Token(("iat", _tokens.Time.GetUtcNow().ToUnixTimeSeconds() - 5));
        Assert.Equal(200, (await _tokens.AskAsync("/member", before)).Status);
        _tokens.Log.Publish(_tokens.Change() with { TokensValidFrom = _tokens.Time.GetUtcNow() });
        await TokenService.UntilAsync(async () => (await _tokens.AskAsync("/member", before)).Status == 401, "the earlier token is refused");
        Assert.Equal(200, (await _tokens.AskAsync("/member", _tokens.Token())).Status);
    }

    [Fact]
    public async Task Newer_attributes_win_over_the_tokens()
    {
        var token = _tokens.Token();
        await _tokens.AskAsync("/member", token);
        _tokens.Log.Publish(_tokens.Change() with { Attributes = new("silver", ["new"], DateTimeOffset.UnixEpoch, 12), At = _tokens.Time.GetUtcNow().AddSeconds(2) });
        await TokenService.UntilAsync(async () => (await _tokens.AskAsync("/member", token)).Json.GetProperty("attributes").GetProperty("grade").GetString() == "silver", "the attributes are the new ones");
        Assert.Equal("gold", (await _tokens.AskAsync("/member", _tokens.Token(("iat", _tokens.Time.GetUtcNow().ToUnixTimeSeconds() + 60)))).Json.GetProperty("attributes").GetProperty("grade").GetString());
    }

    [Fact]
    public async Task An_unreadable_change_and_a_log_that_is_away_stop_nothing()
    {
        _tokens.Log.Publish("{"u8.ToArray());
        _tokens.Log.Away = true;
        await TokenService.UntilAsync(async () => (await _tokens.Service.GetAsync("/health")).Text.Contains("the log is away", StringComparison.Ordinal), "health says that the log is away");
        Assert.Equal(200, (await _tokens.AskAsync("/member", _tokens.Token())).Status);
        _tokens.Log.Away = false;
        _tokens.Log.Publish(_tokens.Change(locked: true));
        // The next attempt comes half a second later on the test's clock.
        await TokenService.UntilAsync(async () => { _tokens.Time.Advance(TimeSpan.FromSeconds(1)); return (await _tokens.AskAsync("/member", _tokens.Token())).Status == 401; }, "the change is read when the log is back");
    }

    [Fact]
    public async Task A_new_key_is_fetched_when_a_token_names_it()
    {
        _tokens.Published = [_tokens.Maker.PublicKey(), _tokens.Unpublished.PublicKey()];
        _tokens.Time.Advance(TimeSpan.FromSeconds(2.1));
        Assert.Equal(200, (await _tokens.AskAsync("/member", _tokens.Unpublished.Make(TokenMaker.Claims(_tokens.Member, _tokens.Time.GetUtcNow())))).Status);
    }

    [Fact]
    public async Task Unknown_keys_cause_one_fetch_in_two_seconds()
    {
        _tokens.Time.Advance(TimeSpan.FromSeconds(2.1));
        await TokenService.UntilAsync(async () => { await _tokens.AskAsync("/member", Unknown("x")); return true; }, "the fetch that was due");
        var before = _tokens.KeyFetches;
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => _tokens.AskAsync("/member", Unknown($"key-{i}"))));
        Assert.Equal(before, _tokens.KeyFetches);
        _tokens.Time.Advance(TimeSpan.FromSeconds(2.1));
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => _tokens.AskAsync("/member", Unknown($"other-{i}"))));
        Assert.Equal(before + 1, _tokens.KeyFetches);

        string Unknown(string keyId) => _tokens.Maker.MakeRaw($$"""{"alg":"RS256","kid":"{{keyId}}","typ":"JWT"}""", TokenMaker.Claims(_tokens.Member, _tokens.Time.GetUtcNow()));
    }

    [Fact]
    public async Task With_UserService_away_the_last_known_keys_stay_in_use()
    {
        _tokens.UserServiceAway = true;
        _tokens.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(200, (await _tokens.AskAsync("/member", _tokens.Token())).Status);
        await TokenService.UntilAsync(async () => (await _tokens.Service.GetAsync("/health")).Text.Contains("the last known keys are used", StringComparison.Ordinal), "health says that UserService is away");
    }

    [Fact]
    public async Task A_key_that_was_taken_back_is_forgotten()
    {
        _tokens.Published = [_tokens.Unpublished.PublicKey()];
        await TokenService.UntilAsync(async () => { _tokens.Time.Advance(TimeSpan.FromMinutes(1.1)); return (await _tokens.AskAsync("/member", _tokens.Token())).Status == 401; }, "tokens of the old key are refused");
    }

    [Fact]
    public async Task The_document_tells_what_needs_a_token_and_whose()
    {
        var paths = (await _tokens.Service.GetAsync("/openapi/v1.json")).Json.GetProperty("paths");
        Assert.False(paths.GetProperty("/open").GetProperty("get").TryGetProperty("security", out _));
        Assert.True(paths.GetProperty("/member").GetProperty("get").GetProperty("security")[0].TryGetProperty("bearer", out _));
        Assert.Equal("Needs the role operator or admin.", paths.GetProperty("/operator").GetProperty("get").GetProperty("description").GetString());
    }

    private string TokenOf(params string[] roles) => _tokens.Token(("roles", roles));

    private static string[] RolesOf(params string[] roles) => roles;
}
