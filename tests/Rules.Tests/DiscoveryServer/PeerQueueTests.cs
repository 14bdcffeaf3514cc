using FirstCome.DiscoveryServer.Peers;
using Xunit;

namespace FirstCome.RulesTests.DiscoveryServer;

public sealed class PeerQueueTests : IDisposable
{
    private static readonly (string, string) A1 = ("A", "1");
    private static readonly (string, string) A2 = ("A", "2");
    private static readonly (string, string) A3 = ("A", "3");

    private readonly PeerQueue _queue = new(capacity: 2);

    [Fact]
    public void Changes_of_one_instance_gather_in_one_entry()
    {
        for (var i = 0; i < 1000; i++) _queue.Add(A1, new(PendingChanges.Heartbeat));
        _queue.Add(A1, new(PendingChanges.Status));
        Assert.Equal([new(A1, new Pending(PendingChanges.Heartbeat | PendingChanges.Status))], _queue.Take(10));
        Assert.Empty(_queue.Take(10));
    }

    [Fact]
    public void After_a_cancellation_nothing_counts_that_was_before_it()
    {
        _queue.Add(A1, new(PendingChanges.Register));
        _queue.Add(A1, new(PendingChanges.Cancel, 7));
        _queue.Add(A1, new(PendingChanges.Register));
        Assert.Equal([new(A1, new Pending(PendingChanges.Cancel | PendingChanges.Register, 7))], _queue.Take(10));
    }

    [Fact]
    public void What_is_given_back_counts_as_earlier_than_what_has_come_since()
    {
        _queue.Add(A1, new(PendingChanges.Register));
        var untold = _queue.Take(10);
        _queue.Add(A1, new(PendingChanges.Cancel, 7));
        _queue.Return(untold);
        Assert.Equal([new(A1, new Pending(PendingChanges.Cancel, 7))], _queue.Take(10));
    }

    [Fact]
    public void The_oldest_gives_way_beyond_the_bound()
    {
        foreach (var key in ((string, string)[])[A1, A2, A3]) _queue.Add(key, new(PendingChanges.Heartbeat));
        Assert.Equal([A2, A3], _queue.Take(10).Select(entry => entry.Key));
    }

    [Fact]
    public async Task Whoever_waits_is_woken_as_long_as_something_is_left()
    {
        _queue.Add(A1, new(PendingChanges.Heartbeat));
        _queue.Add(A2, new(PendingChanges.Heartbeat));
        await _queue.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Single(_queue.Take(1));
        await _queue.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Single(_queue.Take(1));
        Assert.False(_queue.WaitAsync(TestContext.Current.CancellationToken).IsCompleted);
    }

    public void Dispose() => _queue.Dispose();
}
