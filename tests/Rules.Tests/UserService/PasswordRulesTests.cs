using FirstCome.ServiceDefaults;
using FirstCome.UserService.Passwords;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class PasswordRulesTests
{
    private const string Email = "long.local.part@example.com";

    [Theory]
    [InlineData("tree-river-9")]
    [InlineData("가나다라마바사아자차")]
    [InlineData("ten  blanks are fine  ")]
    [InlineData("🙂🙂🙂🙂🙂x")]
    public void A_good_password_is_taken_as_it_is(string password)
    {
        var errors = new FieldErrors();
        Assert.Equal(password, PasswordRules.ReadNew(password, Email, errors, "password"));
        Assert.False(errors.Any);
    }

    [Theory]
    [InlineData(null, "missing")]
    [InlineData("", "missing")]
    [InlineData("nine-char", "10 to 128")]
    [InlineData("long.local.part@example.com", "e-mail")]
    [InlineData("Long.Local.PART", "e-mail")]
    [InlineData("Password1234", "commonest")]
    [InlineData("QWERTYUIOP", "commonest")]
    [InlineData("aaaaaaaaaaaaaa", "commonest")]
    [InlineData("abababababab", "commonest")]
    [InlineData("with\u0000control", "control")]
    [InlineData("turned\u202Earound", "control")]
    public void Each_broken_rule_is_told(string? password, string word) => Refused(password, word);

    // An attribute cannot carry half a character.
    [Fact]
    public void Half_a_character_is_told() => Refused("lone\uD83Dsurrogate", "Unicode");

    [Fact]
    public void The_longest_has_128_characters()
    {
        var errors = new FieldErrors();
        Assert.Equal(128, PasswordRules.ReadNew(string.Concat(Enumerable.Repeat("abcd", 32)), Email, errors, "password").Length);
        Assert.False(errors.Any);
        Refused(string.Concat(Enumerable.Repeat("abcd", 32)) + "e", "128");
        Refused(new string('x', 100_000), "128");
    }

    [Fact]
    public void Two_ways_to_type_the_same_characters_are_one_password()
    {
        var errors = new FieldErrors();
        var composed = PasswordRules.Read("caf\u00E9-cr\u00E8me-1", errors, "password");
        var decomposed = PasswordRules.Read("cafe\u0301-cre\u0300me-1", errors, "password");
        Assert.Equal(composed, decomposed);
        Assert.False(errors.Any);
    }

    [Fact]
    public void Several_broken_rules_are_told_at_once()
    {
        var errors = new FieldErrors();
        PasswordRules.ReadNew("aaaaaaaa", "aaaaaaaa@example.com", errors, "password");
        Assert.Equal(3, errors.ByField["password"].Count);
    }

    private static void Refused(string? password, string word)
    {
        var errors = new FieldErrors();
        PasswordRules.ReadNew(password, Email, errors, "password");
        Assert.Contains(errors.ByField["password"], sentence => sentence.Contains(word, StringComparison.Ordinal));
    }
}
