using FirstCome.TestKit;
using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>What may become of the services' own processes.</summary>
public sealed class ServiceFaults(RealSystem system)
{
    // More than twice the session's time.
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan s_killAgain = TimeSpan.FromMilliseconds(100);

    [Fact]
    public Task An_IssueService_is_killed() => FaultRehearsal.HoldAsync(system, _ => Killed("issue-service-2"), sign: Sign.ClaimsWithheld);

    [Fact]
    public Task Every_IssueService_is_killed() => FaultRehearsal.HoldAsync(system, _ => Killed("issue-service", "issue-service-2"), sign: Sign.ClaimsWithheld);

    [Fact]
    public Task An_IssueWorker_is_killed() => FaultRehearsal.HoldAsync(system, _ => Killed("issue-worker"));

    [Fact]
    public Task Every_IssueWorker_is_killed() => FaultRehearsal.HoldAsync(system, _ => Killed("issue-worker", "issue-worker-2"));

    [Fact]
    public Task The_gateway_is_killed() => FaultRehearsal.HoldAsync(system, _ => Killed("gateway"), sign: Sign.CallersSilenced);

    [Fact]
    public Task CouponService_and_CacheService_are_killed() => FaultRehearsal.HoldAsync(system, _ => Killed("coupon-service", "cache-service"));

    [Fact]
    public Task Registry_and_config_server_are_killed_and_come_again() => FaultRehearsal.HoldAsync(system, _ => Killed("discovery-server", "configserver"));

    [Fact]
    public async Task Registry_and_config_server_are_away_until_all_is_over()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var away = Task.CompletedTask;
        try
        {
            await FaultRehearsal.HoldAsync(system, _ =>
            {
                away = AwayAsync(over.Token);
                return Task.CompletedTask;
            });
            Assert.False(away.IsCompleted);
        }
        finally
        {
            await over.CancelAsync();
            await away.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        // Whenever they come again, they are killed before they answer.
        async Task AwayAsync(CancellationToken cancel)
        {
            while (true)
            {
                await Killed("discovery-server", "configserver");
                await Task.Delay(s_killAgain, cancel);
            }
        }
    }

    [Fact]
    public Task An_IssueWorker_stands_still_past_its_session_and_comes_late_with_its_batch() => FaultRehearsal.HoldAsync(system, cancel => FrozenAsync("issue-worker", s_pause, cancel), s_pause);

    /// <summary>With records between gate and log: Kafka stands still, so that they cannot get through; then the process is gone.</summary>
    [Fact]
    public Task Every_IssueService_is_killed_between_gate_and_log() => KilledMidwayAsync(() => system.Kafka.Process, Sign.ClaimsWithheld, "issue-service", "issue-service-2");

    /// <summary>With rows in the ledger of which CouponService has not been told: Kafka stands still, so that neither that nor a commit gets through; then the process is gone.</summary>
    [Fact]
    public Task Every_IssueWorker_is_killed_between_insert_and_commit() => KilledMidwayAsync(() => system.Kafka.Process, Sign.None, "issue-worker", "issue-worker-2");

    /// <summary>With records in the log and no mark in the gate: Redis stands still, so that no mark and no answer gets through; then the process is gone.</summary>
    [Fact]
    public Task Every_IssueService_is_killed_between_log_and_answer() => KilledMidwayAsync(() => system.Redis.Process, Sign.ClaimsWithheld, "issue-service", "issue-service-2");

    /// <summary>An instance with claims on their way stands still while the gate is lost and rebuilt by the other, and then goes on as if nothing had happened.</summary>
    [Fact]
    public async Task An_IssueService_stands_still_over_a_rebuild()
    {
        var redis = await system.RedisAdminAsync();
        await FaultRehearsal.HoldAsync(system, async cancel =>
        {
            system.Services.Freeze("issue-service");
            try
            {
                await redis.FlushAllDatabasesAsync();
                await Task.Delay(TimeSpan.FromSeconds(8), cancel);
            }
            finally { system.Services.Thaw("issue-service"); }
        }, sign: Sign.ClaimsWithheld);
    }

    /// <summary>The gate is lost, the first to rebuild it stands still at once, the second rebuilds, and then the first goes on with its own.</summary>
    [Fact]
    public async Task Two_rebuild_at_once_and_the_first_stands_still()
    {
        var redis = await system.RedisAdminAsync();
        await FaultRehearsal.HoldAsync(system, async cancel =>
        {
            await redis.FlushAllDatabasesAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(15), cancel);
            await FrozenAsync("issue-service", TimeSpan.FromSeconds(8), cancel);
        }, sign: Sign.ClaimsWithheld);
    }

    /// <summary>What they are about to hand on cannot get through to an engine that stands still.</summary>
    private async Task KilledMidwayAsync(Func<IEngineProcess> engine, Sign sign, params string[] instances) => await FaultRehearsal.HoldAsync(system, async cancel =>
    {
        engine().Freeze();
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancel);
            await Killed(instances);
        }
        finally { engine().Thaw(); }
    }, sign: sign);

    private async Task FrozenAsync(string instance, TimeSpan time, CancellationToken cancel)
    {
        system.Services.Freeze(instance);
        try { await Task.Delay(time, cancel); }
        finally { system.Services.Thaw(instance); }
    }

    private Task Killed(params string[] instances)
    {
        foreach (var instance in instances) { system.Services.Kill(instance); }
        return Task.CompletedTask;
    }
}
