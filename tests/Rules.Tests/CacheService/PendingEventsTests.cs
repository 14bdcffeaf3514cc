using System.Net.ServerSentEvents;
using System.Text.Json;
using CsCheck;
using FirstCome.CacheService.Events;
using FirstCome.Contracts.Claims;
using FirstCome.ServiceDefaults;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class PendingEventsTests
{
    private static readonly DateTimeOffset s_start = new(2030, 1, 31, 9, 0, 0, TimeSpan.Zero);
    private static readonly Claim s_claim = new(Guid.CreateVersion7(), Guid.CreateVersion7(), 1, 17, ClaimState.Accepted, s_start);

    private static EventFrame Frame(string kind, int number) => EventFrame.Of(kind, s_start, new { number }, ApiJson.Options);

    private static List<SseItem<string>> Taken(PendingEvents pending, DateTimeOffset now)
    {
        var frames = new List<(string Kind, EventFrame Frame)>();
        pending.Take(now, frames);
        using var stream = new MemoryStream([.. frames.SelectMany(frame => frame.Frame.Bytes.ToArray())]);
        return [.. SseParser.Create(stream).Enumerate()];
    }

    [Fact]
    public void Of_state_and_counts_the_newest_wins()
    {
        var pending = new PendingEvents(TimeSpan.FromSeconds(1));
        for (var number = 1; number <= 1_000; number++)
        {
            pending.OfferCounts(Frame("counts", number));
            pending.OfferState(Frame("state", number));
        }
        Assert.Equal([("state", """{"number":1000}"""), ("counts", """{"number":1000}""")], Taken(pending, s_start).Select(item => (item.EventType, item.Data)));
        Assert.Empty(Taken(pending, s_start));
        Assert.False(pending.Any(s_start));
    }

    [Fact]
    public void A_claim_goes_forward_only_whatever_order_it_is_heard_in() =>
        Gen.Shuffle(new[] { ClaimState.Accepted, ClaimState.UnderReview, ClaimState.Issued }).Sample(order =>
        {
            var pending = new PendingEvents(TimeSpan.Zero);
            var seen = new List<string>();
            foreach (var state in order)
            {
                pending.OfferClaim(s_claim with { State = state });
                seen.AddRange(Taken(pending, s_start).Select(item => JsonDocument.Parse(item.Data).RootElement.GetProperty("state").GetString()!));
            }
            var ranks = seen.Select(state => Array.IndexOf(["accepted", "underReview", "issued"], state)).ToList();
            Assert.Equal(ranks.Order(), ranks);
            Assert.Equal("issued", seen[^1]);
        });

    [Fact]
    public void The_same_claim_again_is_no_news()
    {
        var pending = new PendingEvents(TimeSpan.Zero);
        Assert.True(pending.OfferClaim(s_claim));
        Assert.Single(Taken(pending, s_start));
        Assert.False(pending.OfferClaim(s_claim with { }));
        Assert.Empty(Taken(pending, s_start));
    }

    [Fact]
    public void Claims_are_told_at_most_once_a_second_and_none_is_lost()
    {
        var pending = new PendingEvents(TimeSpan.FromSeconds(1));
        pending.OfferClaim(s_claim);
        Assert.Single(Taken(pending, s_start));

        pending.OfferClaim(s_claim with { State = ClaimState.Issued });
        pending.OfferClaim(s_claim with { Nth = 2, Sequence = 18 });
        Assert.False(pending.Any(s_start.AddMilliseconds(999)));
        Assert.Empty(Taken(pending, s_start.AddMilliseconds(999)));
        Assert.True(pending.Any(s_start.AddSeconds(1)));
        Assert.Equal(2, Taken(pending, s_start.AddSeconds(1)).Count);
    }

    [Fact]
    public void A_frame_is_an_event_of_the_standard()
    {
        var frame = EventFrame.Of("claim", s_start, s_claim with { Reason = "two\nlines, and \"quotes\" 이유" }, ApiJson.Options);
        using var stream = new MemoryStream(frame.Bytes.ToArray());
        var parser = SseParser.Create(stream);
        var item = parser.Enumerate().Single();
        Assert.Equal("claim", item.EventType);
        Assert.Equal("1896080400000", parser.LastEventId);
        Assert.Equal("two\nlines, and \"quotes\" 이유", JsonDocument.Parse(item.Data).RootElement.GetProperty("reason").GetString());
    }

    [Fact]
    public void Retry_and_heartbeat_are_no_events()
    {
        using var stream = new MemoryStream([.. EventFrame.Retry(TimeSpan.FromMilliseconds(2_500)).Bytes.ToArray(), .. EventFrame.Heartbeat.Bytes.ToArray()]);
        var parser = SseParser.Create(stream);
        Assert.Empty(parser.Enumerate());
        Assert.Equal(TimeSpan.FromMilliseconds(2_500), parser.ReconnectionInterval);
    }
}
