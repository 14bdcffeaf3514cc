using FirstCome.CacheService;
using FirstCome.CacheService.Events;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class OptionsTests
{
    [Fact]
    public void Defaults_are_right()
    {
        Assert.Empty(new CacheOptions().Check());
        Assert.Empty(new EventOptions().Check());
    }

    [Fact]
    public void Every_mistake_is_told_by_its_key()
    {
        var cache = new CacheOptions { FreshFor = TimeSpan.Zero, StaleFor = -TimeSpan.FromSeconds(1), StaleWait = TimeSpan.FromMinutes(1), NegativeFor = TimeSpan.FromHours(1) };
        cache.ListFreshFor = TimeSpan.FromHours(1);
        cache.CampaignsMax = cache.ListsMax = cache.CallsMax = 0;
        cache.RedisTimeout = cache.CountsEvery = TimeSpan.Zero;
        cache.CountsStaleFor = -TimeSpan.FromSeconds(1);
        Assert.Equal(typeof(CacheOptions).GetProperties().Select(property => "Cache:" + property.Name).Order(), cache.Check().Select(error => error.Split(' ')[0]).Order());

        var events = new EventOptions { StreamsMax = 0, StreamsPerMemberMax = 0, HeartbeatEvery = TimeSpan.Zero, WriteTimeout = TimeSpan.Zero, Retry = TimeSpan.Zero };
        Assert.Equal(typeof(EventOptions).GetProperties().Select(property => "Events:" + property.Name).Order(), events.Check().Select(error => error.Split(' ')[0]).Order());
    }
}
