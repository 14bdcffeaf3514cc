using FirstCome.Authentication;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Administration;
using FirstCome.UserService.Bootstrap;
using FirstCome.UserService.Members;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class MemberRulesTests
{
    private static readonly DateTimeOffset s_now = new(2030, 1, 31, 9, 0, 0, 250, TimeSpan.Zero);
    private readonly FieldErrors _errors = new();

    [Fact]
    public void Every_account_is_a_member_and_roles_do_not_imply_each_other()
    {
        Assert.Equal(Role.Member, MemberRules.Roles([], _errors));
        Assert.Equal(Role.Member | Role.Operator, MemberRules.Roles(["operator"], _errors));
        Assert.Equal(Role.Member | Role.Admin, MemberRules.Roles(["admin", "member", "admin"], _errors));
        Assert.False(_errors.Any);
    }

    [Fact]
    public void Wrong_roles_are_named_by_their_place()
    {
        MemberRules.Roles(["operator", "Admin", null], _errors);
        Assert.Equal(["roles[1]", "roles[2]"], _errors.ByField.Keys);
        var missing = new FieldErrors();
        MemberRules.Roles(null, missing);
        MemberRules.Roles(["member", "member", "member", "member", "member"], missing);
        Assert.Equal(2, missing.ByField["roles"].Count);
    }

    [Fact]
    public void Tags_are_bounded_clean_and_distinct()
    {
        Assert.Equal(["VIP", "가을 캠페인"], MemberRules.Tags([" VIP ", "가을 캠페인"], _errors));
        Assert.False(_errors.Any);
        Assert.Contains("tags", Errors(errors => MemberRules.Tags(null, errors)));
        Assert.Contains("tags", Errors(errors => MemberRules.Tags(["a", "a"], errors)));
        Assert.Contains("tags", Errors(errors => MemberRules.Tags([.. Enumerable.Range(0, 21).Select(i => $"t{i}")], errors)));
        Assert.Contains("tags[1]", Errors(errors => MemberRules.Tags(["a", ""], errors)));
        Assert.Contains("tags[0]", Errors(errors => MemberRules.Tags([null], errors)));
        Assert.Contains("tags[0]", Errors(errors => MemberRules.Tags(["a\"b"], errors)));
        Assert.Contains("tags[0]", Errors(errors => MemberRules.Tags(["🙂"], errors)));
        Assert.Contains("tags[0]", Errors(errors => MemberRules.Tags([new string('a', 31)], errors)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(13)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void Only_twelve_months(int month) => Assert.Contains("birthMonth", Errors(errors => MemberRules.BirthMonth(month, errors)));

    [Theory]
    [InlineData(null)]
    [InlineData("KO")]
    [InlineData("ja")]
    [InlineData("")]
    public void Only_two_locales(string? locale) => Assert.Contains("locale", Errors(errors => MemberRules.Locale(locale, errors)));

    [Fact]
    public void Admins_neither_give_up_their_role_nor_lock_themselves()
    {
        var admin = Member.New("a@example.com", "hash", "A", "ko", Role.Admin, s_now);
        var other = Member.New("b@example.com", "hash", "B", "ko", Role.Admin, s_now);
        Assert.NotNull(SetRoles.Refuse(admin.Id, admin, Role.Member));
        Assert.Null(SetRoles.Refuse(admin.Id, admin, Role.Member | Role.Admin | Role.Operator));
        Assert.Null(SetRoles.Refuse(admin.Id, other, Role.Member));
        Assert.NotNull(LockMember.Refuse(admin.Id, admin));
        Assert.Null(LockMember.Refuse(admin.Id, other));
    }

    [Fact]
    public void New_roles_refuse_older_tokens_and_the_same_roles_do_not()
    {
        var member = Member.New("a@example.com", "hash", "A", "ko", Role.Member, s_now);
        Assert.Same(member, SetRoles.Apply(member, Role.Member, s_now));
        var changed = SetRoles.Apply(member, Role.Member | Role.Merchant, s_now);
        Assert.Equal(new DateTimeOffset(2030, 1, 31, 9, 0, 1, TimeSpan.Zero), changed.TokensValidFrom);
        // A clock that was turned back takes no refusal back.
        Assert.Equal(changed.TokensValidFrom, changed.WithTokensRefused(s_now.AddHours(-1)).TokensValidFrom);
    }

    [Fact]
    public void Nothing_personal_is_left_of_an_erased_member()
    {
        var signedUp = Member.New("a@example.com", "hash", "Kim", "en", Role.Member | Role.Merchant, s_now);
        var member = signedUp with { Grade = "GOLD", Tags = ["vip"], BirthMonth = 5 };
        var erased = member.Erased(s_now.AddDays(1));
        Assert.False(erased.Active);
        Assert.Equal(new Member(member.Id, null, null, "", "ko", Role.Member, "", erased.Tags, member.MemberSince, null, false, s_now.AddDays(1),
            erased.TokensValidFrom, member.StandingAt, member.Version), erased);
        Assert.Empty(erased.Tags);
        Assert.True(erased.TokensValidFrom > s_now.AddDays(1));
    }

    [Theory]
    [InlineData("kim", "%kim%")]
    [InlineData("100%_!", "%100!%!_!!%")]
    public void A_search_takes_the_text_literally(string query, string pattern) => Assert.Equal(pattern, SearchUsers.Pattern(query));

    [Fact]
    public void The_file_of_accounts_is_checked_as_a_whole_and_passwords_are_not_repeated()
    {
        var good = """[{"role":"admin","email":"Admin@Example.com","password":"tree-river-9"}]"""u8.ToArray();
        Assert.Equal([("admin@example.com", "tree-river-9", Role.Admin)], BootstrapAccounts.Read(good));
        var bad = """[{"role":"king","email":"x","password":"short-pw"},{"role":"admin","email":"a@example.com","password":"password1234"}]"""u8.ToArray();
        var message = Assert.Throws<InvalidOperationException>(() => BootstrapAccounts.Read(bad)).Message;
        Assert.All(["[0].role", "[0].email", "[0].password", "[1].password"], place => Assert.Contains(place, message, StringComparison.Ordinal));
        Assert.DoesNotContain("short-pw", message, StringComparison.Ordinal);
        Assert.DoesNotContain("password1234", message, StringComparison.Ordinal);
        var broken = """[{"role":"admin","email":"a@example.com","password":tree-river-9}]"""u8.ToArray();
        Assert.DoesNotContain("tree", Assert.Throws<InvalidOperationException>(() => BootstrapAccounts.Read(broken)).ToString(), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Errors(Action<FieldErrors> check)
    {
        var errors = new FieldErrors();
        check(errors);
        return errors.ByField.Keys;
    }
}
