using FirstCome.CacheService.Caching;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class SingleFlightTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_concurrent_askers_are_one_load()
    {
        var flights = new SingleFlight<string, int>();
        var answer = new TaskCompletionSource<int>();
        var loads = 0;
        async Task<int> LoadAsync(string key)
        {
            Interlocked.Increment(ref loads);
            return await answer.Task;
        }

        var entered = 0;
        var askers = Enumerable.Range(0, 1_000).Select(_ => Task.Run(
            () =>
            {
                var asked = flights.RunAsync("key", LoadAsync, Cancellation);
                Interlocked.Increment(ref entered);
                return asked;
            }, Cancellation)).ToArray();
        await Eventually.TrueAsync(() => Volatile.Read(ref entered) == askers.Length, TimeSpan.FromSeconds(30), "every asker is inside before the load may end");
        answer.SetResult(7);

        Assert.All(await Task.WhenAll(askers), result => Assert.Equal(7, result));
        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task Keys_are_loaded_apart_and_nothing_is_kept()
    {
        var flights = new SingleFlight<int, int>();
        var loads = 0;
        Task<int> LoadAsync(int key) => Task.FromResult(key + (100 * Interlocked.Increment(ref loads)));

        Assert.Equal(101, await flights.RunAsync(1, LoadAsync, Cancellation));
        Assert.Equal(202, await flights.RunAsync(2, LoadAsync, Cancellation));
        Assert.Equal(301, await flights.RunAsync(1, LoadAsync, Cancellation));
    }

    [Fact]
    public async Task Whoever_waits_gets_the_failure_and_the_next_load_starts_anew()
    {
        var flights = new SingleFlight<string, int>();
        var answer = new TaskCompletionSource<int>();
        var first = flights.RunAsync("key", _ => answer.Task, Cancellation);
        var second = flights.RunAsync("key", _ => throw new InvalidOperationException("a second load"), Cancellation);
        answer.SetException(new TimeoutException());

        await Assert.ThrowsAsync<TimeoutException>(() => first);
        await Assert.ThrowsAsync<TimeoutException>(() => second);
        Assert.Equal(1, await flights.RunAsync("key", _ => Task.FromResult(1), Cancellation));
    }

    [Fact]
    public async Task An_asker_that_goes_leaves_the_load_to_the_others()
    {
        var flights = new SingleFlight<string, int>();
        var answer = new TaskCompletionSource<int>();
        using var impatient = new CancellationTokenSource();
        var gone = flights.RunAsync("key", _ => answer.Task, impatient.Token);
        var waiting = flights.RunAsync("key", _ => throw new InvalidOperationException("a second load"), Cancellation);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        answer.SetResult(7);
        Assert.Equal(7, await waiting);
    }
}
