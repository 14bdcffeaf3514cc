using FirstCome.CacheService.Events;
using Microsoft.Extensions.Options;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class StreamCountTests
{
    [Fact]
    public void Places_are_bounded_in_all_and_by_member_and_come_back()
    {
        var count = new StreamCount(Options.Create(new EventOptions { StreamsMax = 3, StreamsPerMemberMax = 2 }));
        var member = Guid.CreateVersion7();
        Assert.Equal(StreamAdmission.Open, count.TryOpen(member));
        Assert.Equal(StreamAdmission.Open, count.TryOpen(member));
        Assert.Equal(StreamAdmission.MemberFull, count.TryOpen(member));
        Assert.Equal(StreamAdmission.Open, count.TryOpen(null));
        Assert.Equal(StreamAdmission.Full, count.TryOpen(null));
        Assert.Equal(3, count.Open);

        count.Close(member);
        Assert.Equal(StreamAdmission.Open, count.TryOpen(member));
        count.Close(member);
        count.Close(member);
        count.Close(null);
        Assert.Equal(0, count.Open);
    }
}
