using System.Text.Json.Nodes;
using CsCheck;
using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Audience;
using FirstCome.CouponService.Campaigns;
using Xunit;
using static FirstCome.RulesTests.CouponService.CampaignsInputs;

namespace FirstCome.RulesTests.CouponService;

/// <summary>Which transitions and which changes of fields are legal in which state.</summary>
public sealed class CampaignsTransitionTests
{
    private static readonly CampaignAction[] s_transitions = [CampaignAction.Schedule, CampaignAction.Pause, CampaignAction.Resume, CampaignAction.Close, CampaignAction.Archive];

    private static readonly Gen<CampaignAction> AnyTransition = Gen.OneOf(s_transitions);

    // The window of the draft is from an hour before Now to a day after.
    private static readonly Gen<DateTimeOffset> AnyMoment = Gen.Int[-180, 60 * 30].Select(minutes => Now.AddMinutes(minutes));

    [Theory]
    [InlineData("draft", "schedule"), InlineData("scheduled", "pause close"), InlineData("open", "pause close"), InlineData("paused", "resume close")]
    [InlineData("closed", "archive"), InlineData("closedByTheClock", "archive"), InlineData("archived", ""), InlineData("endedDraft", "")]
    public void A_state_allows_its_own_transitions_only(string state, string allowed)
    {
        var (campaign, now) = In(state);
        foreach (var action in s_transitions)
        {
            var isAllowed = allowed.Split(' ').Contains(action.ToString().ToLowerInvariant());
            Assert.True(TransitionRules.Decide(campaign, action, now) is Decision.Change == isAllowed, $"{action} in {state}");
        }
    }

    [Fact]
    public void Scheduling_opens_at_once_where_the_window_has_begun()
    {
        var change = Assert.IsType<Decision.Change>(TransitionRules.Decide(Draft(), CampaignAction.Schedule, Now));
        Assert.Equal(CampaignState.Open, change.After.StateAt(Now));
        Assert.Equal(CampaignState.Scheduled, change.After.StateAt(Now.AddHours(-2)));
        Assert.Equal(CampaignState.Closed, change.After.StateAt(Now.AddDays(1)));
    }

    [Fact]
    public void A_refusal_tells_from_where_to_where_and_what_would_be_legal()
    {
        var (campaign, now) = In("open");
        var refusal = Assert.IsType<Decision.Illegal>(TransitionRules.Decide(campaign, CampaignAction.Archive, now));
        Assert.Equal((CampaignState.Open, CampaignState.Archived), (refusal.From, refusal.To));
        Assert.Contains("closed campaign can be archived", refusal.Detail, StringComparison.Ordinal);
        var ended = Assert.IsType<Decision.Illegal>(TransitionRules.Decide(Draft(), CampaignAction.Schedule, Now.AddDays(1)));
        Assert.Contains("ended already", ended.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_ordered_and_whenever_a_closed_campaign_stays_closed_and_an_archived_one_archived() =>
        Gen.Select(AnyTransition, AnyMoment).Array[1, 12].Sample(steps =>
        {
            var campaign = Draft();
            var now = Now.AddHours(-3);
            var highest = CampaignState.Draft;
            foreach (var (action, moment) in steps)
            {
                now = moment > now ? moment : now;
                if (TransitionRules.Decide(campaign, action, now) is Decision.Change change) { campaign = change.After; }
                var state = campaign.StateAt(now);
                if (highest >= CampaignState.Closed && state < highest) { return false; }
                highest = state > highest ? state : highest;
            }
            return true;
        });

    [Fact]
    public void A_transition_changes_what_was_ordered_and_nothing_else() =>
        Gen.Select(AnyTransition, Gen.Enum<CampaignPhase>(), AnyMoment).Sample((action, phase, now) =>
        {
            var campaign = Draft() with { Phase = phase };
            return TransitionRules.Decide(campaign, action, now) is not Decision.Change change || change.After == campaign with { Phase = change.After.Phase };
        });

    [Theory]
    [InlineData("draft", "name description quota perMember opensAt closesAt timeZone benefit validity audience group releaseCancelled")]
    [InlineData("scheduled", "name description quota closesAt opensAt")]
    [InlineData("open", "name description quota closesAt")]
    [InlineData("paused", "name description quota closesAt")]
    [InlineData("closed", "name description")]
    [InlineData("closedByTheClock", "name description")]
    [InlineData("archived", "")]
    public void A_state_lets_its_own_fields_change_only(string state, string mutable)
    {
        var (campaign, now) = In(state);
        (string Field, string Value)[] changes =
        [
            ("name", """{"ko":"새","en":"new"}"""), ("description", """{"ko":"새","en":"new"}"""), ("quota", "7"), ("perMember", "7"), ("opensAt", "\"2030-02-28T22:30:00Z\""),
            ("closesAt", "\"2030-03-03T00:00:00Z\""), ("timeZone", "\"Asia/Tokyo\""), ("benefit", """{"kind":"freeShipping"}"""), ("validity", """{"days":7}"""),
            ("audience", """[{"kind":"birthMonth"}]"""), ("group", "null"), ("rehearsal", "true"), ("releaseCancelled", "false"),
        ];
        foreach (var (field, value) in changes)
        {
            var decision = ChangeRules.Decide(campaign, Parse(new JsonObject { [field] = JsonNode.Parse(value) }), now);
            if (mutable.Split(' ').Contains(field))
            {
                var change = Assert.IsType<Decision.Change>(decision);
                Assert.Equal([field], ChangeRules.Difference(campaign, change.After));
                continue;
            }
            var refusal = Assert.IsType<Decision.Illegal>(decision);
            Assert.Equal([field], refusal.Fixed!);
            Assert.StartsWith(field, refusal.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_fixed_field_may_be_sent_as_it_is()
    {
        var (campaign, now) = In("open");
        Assert.IsType<Decision.Nothing>(ChangeRules.Decide(campaign, Parse(Valid()), now));
        var input = Valid();
        input["quota"] = 101;
        var change = Assert.IsType<Decision.Change>(ChangeRules.Decide(campaign, Parse(input), now));
        Assert.Equal(campaign with { Quota = 101, Benefit = change.After.Benefit, Audience = change.After.Audience }, change.After);
    }

    [Fact]
    public void A_live_window_ends_in_the_future_and_before_the_validity()
    {
        var json = Valid();
        json["validity"] = new JsonObject { ["until"] = "2030-03-10T00:00:00Z" };
        var campaign = Draft(json) with { Phase = CampaignPhase.Active };
        Assert.Contains("close it", Refused(Now, "2030-03-01T00:00:00Z"), StringComparison.Ordinal);
        Assert.Contains("later than closesAt", Refused(Now, "2030-03-10T00:00:00Z", "validity.until"), StringComparison.Ordinal);
        Assert.IsType<Decision.Change>(Decide(Now, "2030-03-01T00:00:00.001Z"));
        Assert.IsType<Decision.Change>(Decide(Now, "2030-03-09T23:59:59Z"));

        Decision Decide(DateTimeOffset now, string closesAt) => ChangeRules.Decide(campaign, Parse(new JsonObject { ["closesAt"] = closesAt }), now);
        string Refused(DateTimeOffset now, string closesAt, string field = "closesAt")
        {
            var invalid = Assert.IsType<Decision.Invalid>(Decide(now, closesAt));
            Assert.Equal([field], invalid.Errors.ByField.Keys);
            return string.Join(' ', invalid.Errors.ByField[field]);
        }
    }

    [Fact]
    public void A_draft_may_lie_wholly_in_the_past() =>
        Assert.IsType<Decision.Change>(ChangeRules.Decide(Draft(), Parse(new JsonObject { ["closesAt"] = "2030-02-28T23:30:00Z" }), Now));

    [Theory]
    [InlineData("draft", false, true), InlineData("open", false, false), InlineData("open", true, true), InlineData("scheduled", true, true), InlineData("paused", true, true)]
    [InlineData("closed", true, false), InlineData("closedByTheClock", true, false), InlineData("archived", true, false)]
    public void A_list_is_replaced_while_it_can_matter(string state, bool hasListCondition, bool isAllowed)
    {
        var (campaign, now) = In(state);
        if (hasListCondition) { campaign = campaign with { Audience = [new AudienceCondition(AudienceCondition.ListKind)] }; }
        var decision = UploadAudience.Decide(campaign, 3, now);
        Assert.Equal(isAllowed, decision is Decision.Change { After.AudienceListVersion: 3 });
        if (!isAllowed) { Assert.Equal(["audienceMembers"], Assert.IsType<Decision.Illegal>(decision).Fixed!); }
    }

    private static (Campaign Campaign, DateTimeOffset Now) In(string state) => state switch
    {
        "draft" => (Draft(), Now),
        "endedDraft" => (Draft(), Now.AddDays(1)),
        "scheduled" => (Draft() with { Phase = CampaignPhase.Active }, Now.AddHours(-2)),
        "open" => (Draft() with { Phase = CampaignPhase.Active }, Now),
        "paused" => (Draft() with { Phase = CampaignPhase.Paused }, Now),
        "closed" => (Draft() with { Phase = CampaignPhase.Closed }, Now),
        "closedByTheClock" => (Draft() with { Phase = CampaignPhase.Paused }, Now.AddDays(1)),
        "archived" => (Draft() with { Phase = CampaignPhase.Archived }, Now),
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };
}
