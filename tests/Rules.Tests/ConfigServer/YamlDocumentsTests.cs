using System.Text;
using FirstCome.ConfigServer.Documents;
using Xunit;

namespace FirstCome.RulesTests.ConfigServer;

public sealed class YamlDocumentsTests
{
    [Theory]
    [InlineData("yes", "true")]
    [InlineData("Off", "false")]
    [InlineData("y", "\"y\"")]
    [InlineData("0755", "493")]
    [InlineData("0o17", "\"0o17\"")]
    [InlineData("0x1F", "31")]
    [InlineData("-0b101", "-5")]
    [InlineData("1_000", "1000")]
    [InlineData("10:30:00", "37800")]
    [InlineData("12.50", "12.5")]
    [InlineData("1e3", "1000.0")]
    [InlineData("1.0e10", "1.0E10")]
    [InlineData("0.00012", "1.2E-4")]
    [InlineData("100000000.0", "1.0E8")]
    [InlineData(".inf", "\"Infinity\"")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("1.10.0", "\"1.10.0\"")]
    [InlineData("2026-01-31", "\"2026-01-31\"")]
    [InlineData("~", "\"\"")]
    [InlineData("", "\"\"")]
    [InlineData("'12'", "\"12\"")]
    [InlineData("!!str 12", "\"12\"")]
    [InlineData("[]", "\"\"")]
    public void A_value_has_its_YAML_1_1_type(string yaml, string json) => Assert.Equal($"k={json}", Flat($"k: {yaml}"));

    [Theory]
    [InlineData("a: {b: {c: 1}}", "a.b.c=1")]
    [InlineData("a: [x, [y], {z: 1}]", "a[0]=\"x\" a[1][0]=\"y\" a[2].z=1")]
    [InlineData("a: {}", "")]
    [InlineData("m: {1: a, true: b, '[x.y]': c}", "m[1]=\"a\" m[true]=\"b\" m[x.y]=\"c\"")]
    [InlineData("b: &b {x: 1, y: 2}\nd: {<<: *b, y: 3}", "b.x=1 b.y=2 d.x=1 d.y=3")]
    [InlineData("b: &b {x: 1}\nd: {y: 3, x: 4, <<: *b}", "b.x=1 d.y=3 d.x=4")]
    [InlineData("# nothing", "")]
    [InlineData("just text", "document=\"just text\"")]
    [InlineData("- a\n- b", "document[0]=\"a\" document[1]=\"b\"")]
    public void Documents_are_flat(string yaml, string flat) => Assert.Equal(flat, Flat(yaml));

    [Theory]
    [InlineData("a: 1\na: 2", 2, "twice")]
    [InlineData("x: 1\na: [1, 2", 2, "")]
    [InlineData("a: : :", 1, "")]
    [InlineData("a: !!python/object:os.system ls", 1, "tag")]
    [InlineData("a: !!int ten", 1, "fit its tag")]
    [InlineData("a: *nowhere", 1, "alias")]
    [InlineData("a: &a [*a]", 1, "alias")]
    [InlineData("\n? [1, 2]\n: 3", 2, "scalar")]
    [InlineData("a: {<<: 3}", 1, "<<")]
    [InlineData("a: \"\\ud800", 1, "")]
    public void Broken_YAML_is_refused_with_its_line(string yaml, long line, string reason)
    {
        var error = Assert.Throws<SettingsFileException>(() => YamlDocuments.Read(Encoding.UTF8.GetBytes(yaml)));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(line, error.Line);
    }

    [Fact]
    public void Bombs_are_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 100_000));
        var wide = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(Enumerable.Range(1, 9).Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 5))}]\n"));
        var many = string.Concat(Enumerable.Range(0, 20_001).Select(i => $"k{i}: v\n"));
        Assert.All([deep, wide, many], yaml => Assert.Throws<SettingsFileException>(() => YamlDocuments.Read(Encoding.UTF8.GetBytes(yaml))));
        Assert.Throws<SettingsFileException>(() => YamlDocuments.Read([0xC3, 0x28]));
    }

    [Fact]
    public void A_profile_of_a_document_decides_whether_it_counts()
    {
        var documents = YamlDocuments.Read("a: 1\n---\nspring.config.activate.on-profile: [qa, 'dev & !prod']\n"u8.ToArray());
        Assert.Equal(2, documents.Count);
        Assert.True(ProfileExpression.IsActive(documents[0], ["default"]));
        Assert.False(ProfileExpression.IsActive(documents[1], ["default"]));
        Assert.True(ProfileExpression.IsActive(documents[1], ["qa"]));
        Assert.True(ProfileExpression.IsActive(documents[1], ["dev"]));
        Assert.False(ProfileExpression.IsActive(documents[1], ["dev", "prod"]));
    }

    [Theory]
    [InlineData("(a | b) & !c", "b", true)]
    [InlineData("(a | b) & !c", "b,c", false)]
    [InlineData("!(a & b)", "a", true)]
    [InlineData("a,b", "b", true)]
    public void Profile_expressions_are_those_of_Spring(string expression, string profiles, bool active)
        => Assert.Equal(active, ProfileExpression.IsActive(OnProfile(expression), profiles.Split(',')));

    [Theory]
    [InlineData("a & b | c")]
    [InlineData("(a")]
    [InlineData("a b")]
    [InlineData("&")]
    public void A_broken_profile_expression_is_an_error(string expression)
        => Assert.Equal(7, Assert.Throws<SettingsFileException>(() => ProfileExpression.IsActive(OnProfile(expression), ["a"])).Line);

    private static SettingsDocument OnProfile(string expression)
        => new([new Setting("spring.config.activate.on-profile", new SettingValue(expression, IsLiteral: false), "7:1")]);

    private static string Flat(string yaml)
        => string.Join(' ', YamlDocuments.Read(Encoding.UTF8.GetBytes(yaml)).SelectMany(document => document.Settings)
            .Select(setting => $"{setting.Key}={(setting.Value.IsLiteral ? setting.Value.Text : $"\"{setting.Value.Text}\"")}"));
}
