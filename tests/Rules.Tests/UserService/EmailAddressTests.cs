using CsCheck;
using FirstCome.UserService.Members;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class EmailAddressTests
{
    [Theory]
    [InlineData("kim@example.com", "kim@example.com")]
    [InlineData("Kim.Min-Su+coupon@Example.CO.KR", "kim.min-su+coupon@example.co.kr")]
    [InlineData("a@b.c", "a@b.c")]
    [InlineData("o'neil@xn--9d0bm53a3xbzui.xn--3e0b707e", "o'neil@xn--9d0bm53a3xbzui.xn--3e0b707e")]
    public void An_address_is_kept_in_lower_case(string text, string expected)
    {
        Assert.True(EmailAddress.TryNormalize(text, out var email, out var problem), problem);
        Assert.Equal(expected, email);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("kim")]
    [InlineData("@example.com")]
    [InlineData("kim@")]
    [InlineData("kim@localhost")]
    [InlineData("kim@@example.com")]
    [InlineData("kim@a@example.com")]
    [InlineData("kim @example.com")]
    [InlineData(" kim@example.com")]
    [InlineData("kim@example.com\n")]
    [InlineData("kim@exam\0ple.com")]
    [InlineData(".kim@example.com")]
    [InlineData("kim.@example.com")]
    [InlineData("k..im@example.com")]
    [InlineData("kim@-example.com")]
    [InlineData("kim@example-.com")]
    [InlineData("kim@example..com")]
    [InlineData("kim@example.com.")]
    [InlineData("김@example.com")]
    [InlineData("kim@예시.com")]
    [InlineData("\"kim\"@example.com")]
    [InlineData("kim\u200B@example.com")]
    public void Anything_else_is_refused_with_what_to_change(string? text)
    {
        Assert.False(EmailAddress.TryNormalize(text, out var email, out var problem));
        Assert.Equal("", email);
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Lengths_are_those_of_the_standard()
    {
        string Of(int local, int label) => $"{new string('a', local)}@{new string('b', label)}.com";
        Assert.True(EmailAddress.TryNormalize(Of(64, 63), out _, out _));
        Assert.False(EmailAddress.TryNormalize(Of(65, 63), out _, out _));
        Assert.False(EmailAddress.TryNormalize(Of(64, 64), out _, out _));
        var full = $"{new string('a', 61)}@{string.Join('.', Enumerable.Repeat(new string('b', 63), 3))}";
        Assert.Equal(EmailAddress.LengthMax - 1, full.Length);
        Assert.True(EmailAddress.TryNormalize("a" + full, out _, out _));
        Assert.False(EmailAddress.TryNormalize("aa" + full, out _, out _));
    }

    [Fact]
    public void What_was_normalised_once_stays_as_it_is() =>
        Gen.String[Gen.OneOf(Gen.Char.AlphaNumeric, Gen.OneOf('.', '@', '-', '+', ' ', '\t', 'é')), 0, 30].Sample(text =>
    {
        if (!EmailAddress.TryNormalize(text, out var email, out _)) { return; }
        Assert.True(EmailAddress.TryNormalize(email, out var again, out _));
        Assert.Equal(email, again);
        Assert.Equal(1, email.Count(character => character == '@'));
        Assert.DoesNotContain(email, char.IsWhiteSpace);
    }, iter: 20_000);
}
