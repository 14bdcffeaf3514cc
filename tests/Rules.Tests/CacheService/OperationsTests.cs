using System.Text.Json;
using FirstCome.CacheService.Operations;
using FirstCome.ServiceDefaults;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class OperationsTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("/api/operations/services")]
    [InlineData("/api/operations/metrics")]
    public async Task Both_are_for_operators(string path)
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        await host.RefusedAsync(401, "unauthenticated", path);
        await host.RefusedAsync(403, "forbidden", path, host.Token(roles: ["member", "merchant", "admin"]));
        await host.JsonAsync(path, host.OperatorToken());
    }

    [Fact]
    public async Task Every_instance_is_told_with_what_it_says_of_itself()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        host.Peers.Health = """
            {"status":"degraded","service":"coupon-service","checks":[{"name":"database","status":"degraded","detail":"slow","since":"a newer member"},{"name":"configuration","status":"ok","detail":"ok"}],"configuration":{"commit":"abc"}}
            """;
        var fleet = await host.JsonAsync("/api/operations/services", host.OperatorToken());
        Assert.Equal(["coupon-service", "issue-service", "user-service"], fleet.GetProperty("services").EnumerateArray().Select(service => service.GetProperty("name").GetString()));
        var instance = fleet.GetProperty("services")[0].GetProperty("instances")[0];
        Assert.Equal(("degraded", "abc", "coupon-service-1"), (instance.GetProperty("status").GetString(), instance.GetProperty("commit").GetString(), instance.GetProperty("id").GetString()));
        Assert.Equal("slow", fleet.GetProperty("engines")[0].GetProperty("detail").GetString());
        Assert.Equal(("abc", true), (fleet.GetProperty("configuration").GetProperty("commit").GetString(), fleet.GetProperty("configuration").GetProperty("agreed").GetBoolean()));

        // Kept for two seconds, however many ask.
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.JsonAsync("/api/operations/services", host.OperatorToken())));
        Assert.Equal(3, host.Peers.CallsTo("/health"));
    }

    [Fact]
    public async Task The_registry_s_own_server_is_asked_at_its_address()
    {
        var peers = await Peers.StartAsync();
        await using var host = await CacheServiceHost.StartAsync(redis.Connection, peers, $"Eureka:ServerUrls=http://127.0.0.1:{peers.Port}/eureka");
        host.Peers.Health = """{"status":"degraded","service":"discovery-server","checks":[{"name":"leases","status":"degraded","detail":"self-preservation"}],"configuration":{}}""";
        var services = (await host.JsonAsync("/api/operations/services", host.OperatorToken())).GetProperty("services");
        var registry = Assert.Single(services.EnumerateArray(), service => service.GetProperty("name").GetString() == "discovery-server").GetProperty("instances")[0];
        Assert.Equal(($"127.0.0.1:{peers.Port}", "degraded"), (registry.GetProperty("id").GetString(), registry.GetProperty("status").GetString()));
        Assert.Equal(4, services.GetArrayLength());
    }

    [Fact]
    public void The_worker_uses_the_log_though_its_check_judges_the_ledger()
    {
        var worker = new ServiceView("issue-worker", [new("1", new Uri("http://127.0.0.1"), InstanceStatus.Degraded, [new("ledger", Severity.Degraded, "away")], "abc", 1)]);
        Assert.Equal([("database", Severity.Degraded), ("log", Severity.Ok)], ListServices.EnginesOf([worker]).Select(engine => (engine.Name, engine.Status)));
        Assert.All(ListServices.EnginesOf([worker]), engine => Assert.Equal("issue-worker", Assert.Single(engine.UsedBy)));
    }

    [Fact]
    public async Task An_instance_that_says_nothing_useful_is_unreachable()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        host.Peers.Health = "<html>";
        var fleet = await host.JsonAsync("/api/operations/services", host.OperatorToken());
        Assert.All(fleet.GetProperty("services").EnumerateArray(), service => Assert.Equal("unreachable", service.GetProperty("instances")[0].GetProperty("status").GetString()));
    }

    [Fact]
    public void Engines_are_told_by_the_worst_that_is_said_of_them()
    {
        ServiceView Service(string name, Severity status) =>
            new(name, [new("1", new Uri("http://127.0.0.1"), InstanceStatus.Ok, [new(name == "b" ? "member-changes" : "log", status, $"{name} says {status}"), new("registry", Severity.Failed, "")], "abc", 1)]);
        // Checks of other names speak of the same engine.
        var engine = Assert.Single(ListServices.EnginesOf([Service("a", Severity.Ok), Service("b", Severity.Failed), Service("c", Severity.Degraded)]));
        Assert.Equal(("log", Severity.Failed, "b says Failed"), (engine.Name, engine.Status, engine.Detail));
        Assert.Equal(["a", "b", "c"], engine.UsedBy);
    }

    [Fact]
    public void The_configuration_is_agreed_on_where_all_who_answer_run_with_one_commit()
    {
        static ServiceView Service(string? commit, string check = "configuration") => new("a", [new("1", new Uri("http://127.0.0.1"), InstanceStatus.Ok, [new(check, Severity.Ok, "ok")], commit, 1)]);
        // The config server itself runs with no commit, and says nothing of a configuration.
        Assert.Equal(new("abc", true), ListServices.ConfigurationOf([Service("abc"), Service("abc"), Service(null, "settings-repository")]));
        Assert.Equal(new("abc", false), ListServices.ConfigurationOf([Service("abc"), Service("def"), Service("abc")]));
        Assert.Equal(new("abc", false), ListServices.ConfigurationOf([Service("abc"), Service(null), Service(null)]));
        Assert.Equal(new(null, true), ListServices.ConfigurationOf([]));
    }

    [Theory]
    [InlineData("PT59S")]
    [InlineData("PT6H1S")]
    [InlineData("1h")]
    [InlineData("P1M")]
    [InlineData("")]
    [InlineData("PT1H&window=PT2H")]
    public async Task A_window_that_is_none_is_refused(string window)
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        await host.RefusedAsync(400, "invalid-request", "/api/operations/metrics?window=" + window, host.OperatorToken());
    }

    [Fact]
    public async Task Series_come_from_the_instances_pages()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var accepted = 0;
        JsonElement? claims = null;
        // Each sampling finds twenty claims more.
        await Eventually.TrueAsync(
            async () =>
            {
                host.Peers.Metrics = $"firstcome_claims_total{{outcome=\"accepted\"}} {accepted += 20}\nfirstcome_worker_lag 3\n";
                host.Clock.Advance(TimeSpan.FromSeconds(5));
                var metrics = await host.JsonAsync("/api/operations/metrics?window=PT1M", host.OperatorToken());
                Assert.Equal("PT5S", metrics.GetProperty("step").GetString());
                claims = metrics.GetProperty("series").EnumerateArray().FirstOrDefault(series => series.GetProperty("name").GetString() == "claims.perSecond");
                return claims.Value.ValueKind == JsonValueKind.Object && claims.Value.GetProperty("values").EnumerateArray().Any(value => value.ValueKind == JsonValueKind.Number && value.GetDouble() > 0);
            }, s_limit, "a rate of claims");
        Assert.Equal("accepted", claims!.Value.GetProperty("labels").GetProperty("outcome").GetString());
        Assert.Equal("1/s", claims.Value.GetProperty("unit").GetString());
        Assert.Equal(12, claims.Value.GetProperty("values").GetArrayLength());
    }
}
