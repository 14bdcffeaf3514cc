using Xunit;

namespace FirstCome.ContainersTests;

/// <summary>What compose.yaml promises of the containers themselves.</summary>
[Collection(OneComposedSystem.Name)]
public sealed class ShapeTests(ComposedSystem system)
{
    [Theory]
    [InlineData]
    [InlineData("ha")]
    [InlineData("observe")]
    [InlineData("ha", "observe")]
    public async Task Compose_takes_the_file_with(params string[] profiles)
    {
        await ComposedSystem.NeededAsync();
        await system.ComposeAsync([.. profiles.SelectMany(profile => new[] { "--profile", profile }), "config", "--quiet"]);
    }

    [Fact]
    public async Task Everything_is_started_and_only_the_gateway_is_published()
    {
        await system.StartAsync();
        var containers = await system.ContainersAsync();
        Assert.Equal(ComposedSystem.Services.Order(), containers.Select(container => container.Service).Order());
        foreach (var container in containers)
        {
            var published = await ComposedSystem.InspectAsync(container, "{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}} {{end}}{{end}}");
            Assert.Equal(container.Service == "gateway" ? "127.0.0.1" : "", published);
        }
    }

    [Fact]
    public async Task Services_are_nobody_in_particular_and_write_nothing_but_their_volumes()
    {
        await system.StartAsync();
        foreach (var container in (await system.ContainersAsync()).Where(container => container.Service is not ("redis" or "kafka" or "mysql")))
        {
            var state = await ComposedSystem.InspectAsync(container, "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{gt .HostConfig.Memory 0}}");
            Assert.Equal("1654 true [ALL] [no-new-privileges:true] true", state);
        }
    }

    [Fact]
    public async Task An_account_of_the_database_reaches_its_own_schema_only()
    {
        await system.StartAsync();
        const string Count = "SELECT GROUP_CONCAT(schema_name ORDER BY schema_name) FROM information_schema.schemata WHERE schema_name LIKE 'firstcome%'";
        foreach (var owner in (string[])["users", "coupons", "ledger"])
        {
            var seen = await system.ComposeAsync("exec", "-T", "mysql", "sh", "-c", $"MYSQL_PWD=$FIRSTCOME_{owner.ToUpperInvariant()}_PASSWORD mysql -h127.0.0.1 -ufirstcome_{owner} -N -e \"{Count}\"");
            Assert.Equal($"firstcome_{owner}", seen.Trim());
        }
    }
}
