using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace FirstCome.RulesTests.ServiceDefaults;

public class HealthAndOptionsTests
{
    private sealed class Engine : IHealthSignal
    {
        public string Name => "engine";
        public HealthState Current { get; set; } = HealthState.Ok;
    }

    internal sealed class Shop : ICheckedOptions
    {
        public int Size { get; set; } = 5;
        public TimeSpan Wait { get; set; } = TimeSpan.FromSeconds(1);

        public IEnumerable<string> Check()
        {
            if (Size is < 1 or > 10) { yield return $"Shop:Size must be between 1 and 10, but is {Size}."; }
            if (Wait <= TimeSpan.Zero) { yield return $"Shop:Wait must be positive, but is {Wait}."; }
        }
    }

    [Theory]
    [InlineData(Severity.Ok, 200, "ok"), InlineData(Severity.Degraded, 200, "degraded"), InlineData(Severity.Failed, 503, "failed")]
    public async Task Health_is_the_worst_of_its_signals(Severity severity, int status, string word)
    {
        await using var service = await TinyService.StartAsync(_ => { }, builder => builder.Services.AddHealthSignal<Engine>());
        service.Services.GetRequiredService<Engine>().Current = new(severity, "as the test says");
        var answer = await service.GetAsync("/health");
        Assert.Equal(status, answer.Status);
        Assert.Equal(word, answer.Json.GetProperty("status").GetString());
        Assert.Equal("tiny-service", answer.Json.GetProperty("service").GetString());
        var check = answer.Json.GetProperty("checks").EnumerateArray().Single();
        Assert.Equal(("engine", word, "as the test says"), (check.GetProperty("name").GetString(), check.GetProperty("status").GetString(), check.GetProperty("detail").GetString()));
        Assert.True(answer.Json.GetProperty("configuration").TryGetProperty("commit", out _));
        Assert.Equal(200, (await service.GetAsync("/health/live")).Status);
    }

    [Fact]
    public async Task A_registry_and_a_config_server_that_are_away_degrade_and_stop_nothing()
    {
        await using var service = await TinyService.StartAsync(_ => { }, arguments: ["--Eureka:ServerUrls=http://127.0.0.1:1/eureka", "--ConfigServer:Urls=http://127.0.0.1:1"]);
        var answer = await service.GetAsync("/health");
        Assert.Equal(200, answer.Status);
        Assert.Equal("degraded", answer.Json.GetProperty("status").GetString());
        Assert.Equal(["configuration", "registry"], answer.Json.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Two_services_in_one_process_tell_their_own_figures()
    {
        await using var one = await TinyService.StartAsync(app => app.MapGet("/only-one", () => Results.Ok()), name: "one");
        await using var two = await TinyService.StartAsync(app => app.MapGet("/only-two", () => Results.Ok()), name: "two");
        await one.GetAsync("/only-one");
        await two.GetAsync("/only-two");
        var (first, second) = (await one.GetAsync("/metrics"), await two.GetAsync("/metrics"));
        Assert.Contains("http_route=\"/only-one\"", first.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("only-two", first.Text, StringComparison.Ordinal);
        Assert.Contains("http_route=\"/only-two\"", second.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("only-one", second.Text, StringComparison.Ordinal);
        Assert.Contains("dotnet_", first.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_wrong_setting_is_told_at_start()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => TinyService.StartAsync(_ => { }, builder => builder.Services.AddCheckedOptions<Shop>("Shop"), "tiny-service",
            "--Shop:Size=11", "--Shop:Wait=-00:00:01", "--Service:Key=short", "--Service:DrainTimeout=1.00:00:00"));
        var text = failure.ToString();
        Assert.Contains("Shop:Size must be between 1 and 10, but is 11.", text, StringComparison.Ordinal);
        Assert.Contains("Shop:Wait must be positive", text, StringComparison.Ordinal);
        Assert.Contains("Service:Key must be a secret of 32 characters or more, but has 5.", text, StringComparison.Ordinal);
        Assert.Contains("Service:DrainTimeout must be between", text, StringComparison.Ordinal);
        Assert.DoesNotContain("short", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_of_another_type_is_told_at_start_with_its_key()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => TinyService.StartAsync(_ => { }, builder => builder.Services.AddCheckedOptions<Shop>("Shop"), "tiny-service", "--Shop:Size=many"));
        Assert.Contains("Shop:Size", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_settings_of_the_config_server_are_checked_as_they_would_come_into_force()
    {
        using var configuration = new ConfigurationManager();
        var server = new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource();
        ((IConfigurationBuilder)configuration).Add(server).AddInMemoryCollection([new("Shop:Wait", "00:00:02")]);
        var services = new ServiceCollection();
        services.AddCheckedOptions<Shop>("Shop");
        Assert.Empty(CheckedOptions.CheckAgain(services, configuration, server, new Dictionary<string, string?> { ["Shop:Size"] = "7" }));
        Assert.Single(CheckedOptions.CheckAgain(services, configuration, server, new Dictionary<string, string?> { ["Shop:Size"] = "70" }));
        Assert.Single(CheckedOptions.CheckAgain(services, configuration, server, new Dictionary<string, string?> { ["Shop:Size"] = "seven" }));
        // The command line wins, so a wrong value behind it does no harm.
        Assert.Empty(CheckedOptions.CheckAgain(services, configuration, server, new Dictionary<string, string?> { ["Shop:Wait"] = "-00:00:01" }));
    }
}
