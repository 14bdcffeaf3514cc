using CsCheck;
using FirstCome.ConfigServer.Environments;
using FirstCome.ConfigServer.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace FirstCome.RulesTests.ConfigServer;

public sealed class ConfigRouteTests
{
    [Theory]
    [InlineData("/app/%2e%2e%2fetc", 400)]
    [InlineData("/app/default/main/a%5Cb", 400)]
    [InlineData("/app/default/main/a%0Ab", 400)]
    [InlineData("/app/default/..(_)x", 400)]
    [InlineData("/a%23b/default", 400)]
    [InlineData("/app/..", 404)]
    [InlineData("/app/default/", 404)]
    [InlineData("/app//main", 404)]
    [InlineData("/app", 404)]
    [InlineData("/", 404)]
    public void Hostile_or_meaningless_paths_are_refused(string target, int status)
        => Assert.Equal(status, Assert.IsType<RefusedRoute>(Of(target)).Status);

    [Fact]
    public void Absurd_paths_are_refused()
        => Assert.All(
            [$"/{new string('a', 600)}/default", $"/app/default/{new string('b', 600)}", $"/a/b/c{string.Concat(Enumerable.Repeat("/d", 60))}",
                $"/app/{string.Join(',', Enumerable.Repeat("p", 40))}", $"/app/default/{string.Join(',', Enumerable.Repeat("l", 40))}"],
            target => Assert.Equal(400, Assert.IsType<RefusedRoute>(Of(target)).Status));

    [Fact]
    public void Names_are_read_from_the_path_as_it_was_sent()
    {
        Assert.Equal(new EnvironmentRoute(new EnvironmentQuery("sub/app", "dev,prod", "feature/x")), Of("/sub(_)app/dev%2Cprod/feature(_)x"));
        Assert.Equal(new FileRoute(new EnvironmentQuery("app", "default", null), "a.txt"), Of("/app/default/a.txt?useDefaultLabel", "?useDefaultLabel"));
        Assert.Equal(new FileRoute(new EnvironmentQuery("app", "default", "main"), "a/../b"), Of("/app/default/main/a/../b"));
    }

    [Fact]
    public void No_path_whatever_fails_or_lets_two_dots_into_a_name()
    {
        var piece = Gen.OneOf(Gen.OneOf("..", "%2e%2e", "/", "%2F", "(_)", "#", "%23", "%00", "%", "%GG", ";x", ",", "-", ".yml", "한", "app", "\\", "*", "%C3%28"), Gen.String[0, 4]);
        piece.Array[0, 12].Select(pieces => "/" + string.Concat(pieces)).Sample(target =>
        {
            var query = Of(target) switch
            {
                EnvironmentRoute environment => environment.Query,
                TextRoute text => text.Query,
                FileRoute file => file.Query,
                _ => null,
            };
            return query is null || !$"{query.Application}|{query.Profiles.Split(',')[0]}|{query.Label}".Contains("..", StringComparison.Ordinal) || query.Profiles.Contains("..", StringComparison.Ordinal);
        }, iter: 20_000);
    }

    private static ConfigRoute Of(string target, string query = "")
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        context.Request.QueryString = new QueryString(query);
        return ConfigRoute.Of(context);
    }
}
