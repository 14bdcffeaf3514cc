using System.Diagnostics;
using FirstCome.TestKit;
using StackExchange.Redis;
using Xunit;

namespace FirstCome.EnginesTests.Redis;

/// <summary>What the gate and the cache need of Redis, whichever server it is.</summary>
public abstract class RedisBehaviour : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
    private IConnectionMultiplexer? _connection;

    protected IConnectionMultiplexer Connection => _connection ?? throw new InvalidOperationException("Not connected.");

    protected abstract Task<IConnectionMultiplexer> StartAsync();

    /// <summary>Ends the server; what it held may be gone.</summary>
    protected abstract Task StopServerAsync();

    /// <summary>Starts it again at the same address.</summary>
    protected abstract Task StartServerAsync();

    protected abstract ValueTask EndAsync();

    public async ValueTask InitializeAsync() => _connection = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) { await _connection.DisposeAsync(); }
        await EndAsync();
    }

    [Fact]
    public async Task A_script_takes_and_gives_binary_values_and_works_on_its_keys_atomically()
    {
        var database = Connection.GetDatabase();
        byte[] id = [0, 255, 10, 13, 0, 128, 7, 1];
        const string Script =
            """
            local sequence = redis.call('INCR', KEYS[1])
            redis.call('HSET', KEYS[2], ARGV[1], struct.pack('>I4', sequence))
            redis.call('SETBIT', KEYS[3], sequence, 1)
            return {sequence, redis.call('HGET', KEYS[2], ARGV[1]), tonumber(redis.call('TIME')[1])}
            """;
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => database.ScriptEvaluateAsync(Script, ["{c}:sequence", "{c}:winners", "{c}:filter"], [id])));
        var answer = (RedisResult[])(await database.ScriptEvaluateAsync(Script, ["{c}:sequence", "{c}:winners", "{c}:filter"], [id]))!;

        Assert.Equal(51, (long)answer[0]);
        Assert.Equal([0, 0, 0, 51], (byte[])answer[1]!);
        Assert.InRange((long)answer[2], DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeSeconds(), DateTimeOffset.UtcNow.AddMinutes(1).ToUnixTimeSeconds());
        Assert.Equal(51, await database.StringBitCountAsync("{c}:filter"));
    }

    [Fact]
    public async Task A_server_that_has_forgotten_the_script_gets_it_again_unseen()
    {
        var database = Connection.GetDatabase();
        const string Script = "return redis.call('INCRBY', KEYS[1], ARGV[1])";
        for (var round = 1; round <= 20; round++)
        {
            Assert.Equal(round, (long)await database.ScriptEvaluateAsync(Script, ["n"], [1]));
            await database.ExecuteAsync("SCRIPT", "FLUSH");
        }
    }

    [Fact]
    public async Task An_ended_server_fails_calls_at_once_and_a_new_one_is_found()
    {
        var database = Connection.GetDatabase();
        await database.StringSetAsync("k", "v");
        await StopServerAsync();
        await Eventually.TrueAsync(() => !Connection.IsConnected, s_limit, "the loss is seen");

        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<RedisException>(() => database.StringSetAsync("k", "v"));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"the call failed after {watch.Elapsed}");

        await StartServerAsync();
        await Eventually.TrueAsync(async () =>
        {
            try { return (long)await database.ScriptEvaluateAsync("return 1") == 1; }
            catch (RedisException) { return false; }
        }, s_limit, "the new server answers");
    }
}
