using FirstCome.Contracts.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.IssueService.Operations;
using Xunit;

namespace FirstCome.RulesTests.IssueService;

public sealed class FindClaimsTests
{
    private static readonly Guid s_campaign = Guid.CreateVersion7(), s_member = Guid.CreateVersion7();

    [Fact]
    public void A_number_stands_once_and_the_ledger_s_row_goes_before_the_gate_s_entry()
    {
        GateAnswer[] held = [new(GateVerdict.Held, 7, 1, 1_000), new(GateVerdict.HeldUnlogged, 12, 3, 3_000), new(GateVerdict.Held, 9, 2, 2_000)];
        Claim[] rows = [new(s_campaign, s_member, 1, 7, ClaimState.Issued, DateTimeOffset.FromUnixTimeMilliseconds(1_000))];

        var found = FindClaims.Merge(s_campaign, s_member, held, rows);

        Assert.Equal([("recorded", 7L), ("logged", 9L), ("reserved", 12L)], found.Select(each => (each.Stage, each.Claim.Sequence)));
        Assert.Equal([ClaimState.Issued, ClaimState.Accepted, ClaimState.Accepted], found.Select(each => each.Claim.State));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(3_000), found[2].Claim.AcceptedAt);
    }
}
