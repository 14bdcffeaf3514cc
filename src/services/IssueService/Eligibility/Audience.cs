using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;

namespace FirstCome.IssueService.Eligibility;

/// <summary>A condition that does not hold, and why, for the member to read.</summary>
internal sealed record FailedCondition(string Kind, LocalizedText Why);

/// <summary>
/// Judges a member by a campaign's conditions, all of which must hold. Pure. <c>firstInGroup</c> is not judged here but by the gate, which alone knows at the moment of the claim;
/// <see cref="NotFirstInGroup"/> is what it is told as. To add a condition: a kind in <see cref="AudienceCondition"/>, its check of input in CouponService, a line in <see cref="Judge"/>.
/// </summary>
internal static class Audience
{
    public static readonly FailedCondition NotFirstInGroup = new(
        AudienceCondition.FirstInGroupKind, new LocalizedText("이 캠페인 그룹의 쿠폰을 이미 받았습니다.", "You already hold a coupon of this campaign group."));

    /// <summary>What does not hold; empty when the member is eligible.</summary>
    /// <param name="isListed">Whether the member stands on the campaign's uploaded list.</param>
    public static IReadOnlyList<FailedCondition> Judge(Campaign campaign, MemberAttributes member, DateTimeOffset now, Func<bool> isListed)
    {
        List<FailedCondition>? failed = null;
        foreach (var condition in campaign.Audience)
        {
            var why = condition.Kind switch
            {
                AudienceCondition.GradeKind => Grade(condition, member),
                AudienceCondition.MemberSinceKind => MemberSince(condition, member),
                AudienceCondition.TagKind => Tag(condition, member),
                AudienceCondition.BirthMonthKind => BirthMonth(campaign, member, now),
                AudienceCondition.ListKind => isListed() ? null : new LocalizedText("초대된 회원 목록에 없습니다.", "You are not on the list of invited members."),
                AudienceCondition.FirstInGroupKind => null,
                // A condition that this version does not know must not let anybody in.
                var unknown => new LocalizedText($"알 수 없는 조건입니다: {unknown}", $"Unknown condition: {unknown}"),
            };
            if (why is not null) { (failed ??= []).Add(new FailedCondition(condition.Kind, why)); }
        }
        return failed ?? [];
    }

    private static LocalizedText? Grade(AudienceCondition condition, MemberAttributes member)
    {
        var wanted = condition.AnyOf ?? [];
        return wanted.Contains(member.Grade, StringComparer.Ordinal)
            ? null
            : new LocalizedText($"회원 등급이 다음 중 하나여야 합니다: {string.Join(", ", wanted)}", $"Your grade must be one of: {string.Join(", ", wanted)}");
    }

    private static LocalizedText? MemberSince(AudienceCondition condition, MemberAttributes member)
    {
        if (condition.Before is { } before && member.MemberSince >= before)
        {
            return new LocalizedText($"{before:yyyy-MM-dd HH:mm} UTC 이전에 가입한 회원만 받을 수 있습니다.", $"Only for members who joined before {before:yyyy-MM-dd HH:mm} UTC.");
        }
        return condition.After is { } after && member.MemberSince < after
            ? new LocalizedText($"{after:yyyy-MM-dd HH:mm} UTC 이후에 가입한 회원만 받을 수 있습니다.", $"Only for members who joined at or after {after:yyyy-MM-dd HH:mm} UTC.")
            : null;
    }

    private static LocalizedText? Tag(AudienceCondition condition, MemberAttributes member)
    {
        if (condition.AnyOf is { Count: > 0 } wanted && !wanted.Any(tag => member.Tags.Contains(tag, StringComparer.Ordinal)))
        {
            return new LocalizedText($"다음 태그 중 하나가 필요합니다: {string.Join(", ", wanted)}", $"You need one of these tags: {string.Join(", ", wanted)}");
        }
        // Which of the excluding tags it was is the operator's affair, not the member's.
        return condition.NoneOf is { } unwanted && unwanted.Any(tag => member.Tags.Contains(tag, StringComparer.Ordinal))
            ? new LocalizedText("이 캠페인의 대상에서 제외되었습니다.", "You are excluded from this campaign.")
            : null;
    }

    private static LocalizedText? BirthMonth(Campaign campaign, MemberAttributes member, DateTimeOffset now)
    {
        var month = TimeZoneInfo.ConvertTime(now, TimeZoneInfo.FindSystemTimeZoneById(campaign.TimeZone)).Month;
        return member.BirthMonth == month ? null : new LocalizedText("생일이 이번 달인 회원만 받을 수 있습니다.", "Only for members whose birthday is in the present month.");
    }
}
