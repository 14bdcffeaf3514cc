using CsCheck;
using FirstCome.Authentication;
using FirstCome.UserService.Passwords;
using FirstCome.UserService.Sessions;
using FirstCome.UserService.Tokens;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class TokenRulesTests
{
    private static readonly DateTimeOffset s_start = new(2030, 1, 31, 9, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_ahead = TimeSpan.FromMinutes(2);

    private static readonly Gen<List<DateTimeOffset>> Publications = Gen.Int[0, 20_000].List[1, 8]
        .Select(gaps => gaps.Skip(1).Aggregate(new List<DateTimeOffset> { s_start }, (times, gap) => [.. times, times[^1].AddSeconds(gap)]));

    [Fact]
    public void The_first_key_signs_at_once_and_every_other_after_it_was_published_ahead()
    {
        DateTimeOffset[] published = [s_start, s_start.AddMinutes(30)];
        Assert.Equal(0, KeySchedule.Signing(published[..1], s_start, s_ahead));
        Assert.Equal(0, KeySchedule.Signing(published, s_start.AddMinutes(32).AddTicks(-1), s_ahead));
        Assert.Equal(1, KeySchedule.Signing(published, s_start.AddMinutes(32), s_ahead));
        Assert.Equal(s_start.AddMinutes(32 + 60 + 5), KeySchedule.RetiredAt(published, 0, s_ahead));
        Assert.Null(KeySchedule.RetiredAt(published, 1, s_ahead));
    }

    /// <summary>Of whatever rotations: the key that signs was published ahead of it, and stays until the longest token that it signs has expired.</summary>
    [Fact]
    public void A_signing_key_is_known_before_and_after() => Gen.Select(Publications, Gen.Int[0, 200_000]).Sample((published, second) =>
    {
        var now = s_start.AddSeconds(second);
        var signing = KeySchedule.Signing(published, now, s_ahead);
        Assert.True(signing == 0 || published[signing] + s_ahead <= now);
        Assert.True(signing == published.Count - 1 || published[signing + 1] + s_ahead > now);
        Assert.True(KeySchedule.RetiredAt(published, signing, s_ahead) is not { } retired || retired > now + TokenTimes.Rehearsal);
        // What is deleted is at the old end, so the others' schedule stands.
        var kept = published.Where((_, index) => !(KeySchedule.RetiredAt(published, index, s_ahead) <= now)).ToList();
        Assert.Equal(published[signing], kept[KeySchedule.Signing(kept, now, s_ahead)]);
    });

    /// <summary>The border of a change refuses every token that was made before it, and no token that is made after it.</summary>
    [Fact]
    public void A_change_refuses_tokens_before_it_and_none_after() => Gen.Select(Gen.Long[0, 10_000], Gen.Long[0, 10_000]).Sample((token, change) =>
    {
        var member = FirstCome.UserService.Members.Member.New("a@example.com", "", "A", "ko", Role.Member, s_start);
        var changed = member.WithTokensRefused(s_start.AddMilliseconds(change));
        if (token <= change)
        {
            Assert.True(TokenTimes.IssuedAt(s_start.AddMilliseconds(token), member.TokensValidFrom) < changed.TokensValidFrom.ToUnixTimeSeconds());
        }
        else
        {
            Assert.True(TokenTimes.IssuedAt(s_start.AddMilliseconds(token), changed.TokensValidFrom) >= changed.TokensValidFrom.ToUnixTimeSeconds());
        }
    });

    [Fact]
    public void A_refresh_token_is_read_as_it_was_written_and_each_is_another()
    {
        var first = RefreshToken.Create();
        var next = RefreshToken.Next(first.SessionId);
        Assert.True(RefreshToken.TryParse(first.Text(), out var read));
        Assert.Equal(first.SessionId, read.SessionId);
        Assert.Equal(first.Hash(), read.Hash());
        Assert.Equal(first.SessionId, next.SessionId);
        Assert.NotEqual(first.Hash(), next.Hash());
        Assert.NotEqual(first.SessionId, RefreshToken.Create().SessionId);
        Assert.Equal(32, first.Secret.Length);
    }

    [Fact]
    public void What_is_no_refresh_token_is_refused() => Gen.String[0, 100].Sample(text =>
    {
        Assert.False(RefreshToken.TryParse(text, out _) && text.Length != 64);
        var made = RefreshToken.Create().Text();
        Assert.False(RefreshToken.TryParse(made[..^1], out _));
        Assert.False(RefreshToken.TryParse(made + "A", out _));
        Assert.False(RefreshToken.TryParse(made[..^1] + " ", out _));
        Assert.False(RefreshToken.TryParse(made[..^1] + "=", out _));
    }, iter: 500);

    [Fact]
    public void A_reset_code_may_be_typed_as_people_type()
    {
        var code = ResetCode.Create();
        Assert.Matches("^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){3}$", code);
        Assert.Equal(ResetCode.Hash(code), ResetCode.Hash(code.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant()));
        Assert.Equal(ResetCode.Hash(code), ResetCode.Hash(" " + code.Replace('1', 'l').Replace('0', 'o') + " "));
        Assert.NotEqual(ResetCode.Hash(code), ResetCode.Hash(ResetCode.Create()));
    }
}
