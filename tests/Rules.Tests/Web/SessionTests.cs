using System.Net;
using System.Text;
using System.Text.Json;
using Xunit;

namespace FirstCome.RulesTests.Web;

public sealed class SessionTests(WebService web) : IClassFixture<WebService>
{
    private readonly int _askedBefore = web.Users.Asked;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<HttpResponseMessage> PostAsync(string path, string json = "{}", string type = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, type) };
        foreach (var (name, value) in headers) { request.Headers.Add(name, value); }
        return await web.Client.SendAsync(request, Cancellation);
    }

    [Fact]
    public async Task The_refresh_token_stands_in_a_cookie_that_no_script_reads_and_nowhere_else()
    {
        using var response = await PostAsync("/session/sign-in", """{"email":"a@b.c","password":"x"}""", headers: ("X-Forwarded-Proto", "https"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        foreach (var part in (string[])["fc-session=first-refresh", "httponly", "samesite=strict", "secure", "path=/session"]) { Assert.Contains(part, cookie, StringComparison.OrdinalIgnoreCase); }
        var body = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal("an-access-token", JsonDocument.Parse(body).RootElement.GetProperty("token").GetString());
        Assert.DoesNotContain("first-refresh", body, StringComparison.Ordinal);
        Assert.True(response.Headers.CacheControl?.NoStore);
    }

    [Fact]
    public async Task A_refresh_spends_the_cookie_and_sets_the_next()
    {
        using var response = await PostAsync("/session/refresh", headers: ("Cookie", "fc-session=first-refresh"));
        Assert.Contains("second-refresh", response.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_of_a_refresh_that_may_be_repeated_goes_along()
    {
        using var response = await PostAsync("/session/refresh", headers: [("Cookie", "fc-session=first-refresh"), ("Idempotency-Key", "a-key-of-22-characters")]);
        Assert.Equal("a-key-of-22-characters", web.Users.Key);
    }

    [Fact]
    public async Task A_spent_cookie_is_refused_and_forgotten()
    {
        using var response = await PostAsync("/session/refresh", headers: ("Cookie", "fc-session=spent"));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("fc-session=;", response.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_cookie_nobody_is_signed_in_and_nobody_is_asked()
    {
        using var response = await PostAsync("/session/refresh");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(_askedBefore, web.Users.Asked);
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    [InlineData("none")]
    public async Task Another_site_is_refused(string site)
    {
        using var response = await PostAsync("/session/refresh", headers: [("Sec-Fetch-Site", site), ("Cookie", "fc-session=first-refresh")]);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(_askedBefore, web.Users.Asked);
    }

    [Fact]
    public async Task A_form_is_refused()
    {
        using var response = await PostAsync("/session/sign-out", "", "application/x-www-form-urlencoded", ("Cookie", "fc-session=first-refresh"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal(_askedBefore, web.Users.Asked);
    }
}
