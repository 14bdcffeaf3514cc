using System.Text;
using System.Text.Json;
using CsCheck;
using FirstCome.ConfigServer.Documents;
using FirstCome.ConfigServer.Environments;
using FirstCome.ConfigServer.TextFormats;
using Xunit;

namespace FirstCome.RulesTests.ConfigServer;

public sealed class TextFormatsTests
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 0, 8],
        Gen.String[Gen.OneOf([.. " \t\n:#'\"-?[]{},&*!|>%@`~=<\\선é"]), 0, 8],
        Gen.OneOf("yes", "null", "~", "12", "0755", "1e3", "2026-01-31", "<<", "=", "---", "...", "- a", "a: b", "a #b", "🎟", "\u0085", "\u2028", "x\u0007"));

    private static readonly Gen<Dictionary<string, SettingValue>> Settings = Gen.Dictionary(
        Gen.OneOf("a", "b", "c").Select(Gen.OneOf("", "1", "2"), Gen.OneOf("", "[0]", "[0][0]", ".k")).Select((first, second, third) => $"{first}{second}{third}"),
        Text.Select(text => new SettingValue(text, IsLiteral: false)))[0, 6];

    [Fact]
    public void Written_YAML_reads_back_as_the_same_settings()
        => Settings.Sample(settings =>
        {
            if (Tree(settings) is not { } tree)
                return true;
            var yaml = YamlText.Render(tree, placeholders: null);
            var read = YamlDocuments.Read(Encoding.UTF8.GetBytes(yaml)).SelectMany(document => document.Settings).ToDictionary(setting => setting.Key, setting => setting.Value.Text);
            return settings.Where(setting => !IsBinary(setting.Value.Text)).All(setting => read[setting.Key] == setting.Value.Text);
        }, iter: 20_000);

    [Fact]
    public void Written_JSON_reads_back_as_the_same_text()
        => Gen.String.Sample(text =>
        {
            var whole = string.Concat(text.EnumerateRunes());
            return RoundTrips(whole, escapeAstral: true) && RoundTrips(whole, escapeAstral: false);
        });

    [Fact]
    public void A_list_is_taken_whole_from_the_highest_source()
    {
        var environment = Environment(("high", [("l[0]", "x"), ("m[0].a", "1")]), ("low", [("l[0]", "a"), ("l[1]", "b"), ("m[0].b", "2"), ("k", "v")]));
        Assert.Equal("k: v\nl[0]: x\nm[0].a: 1", GetText.Render(environment, TextFormat.Properties, placeholders: null));
    }

    [Fact]
    public void A_name_in_brackets_is_one_key_of_its_map()
    {
        var environment = Environment(("file", [("Logging.Default", "a"), ("Logging[Microsoft.AspNetCore]", "b"), ("[x.y].z", "c")]));
        Assert.Equal("""{"Logging":{"Default":"a","[Microsoft.AspNetCore]":"b"},"[x.y]":{"z":"c"}}""", GetText.Render(environment, TextFormat.Json, placeholders: null));
        var yaml = GetText.Render(environment, TextFormat.Yaml, placeholders: null);
        Assert.Equal(
            ["Logging.Default", "Logging[Microsoft.AspNetCore]", "[x.y].z"],
            YamlDocuments.Read(Encoding.UTF8.GetBytes(yaml)).SelectMany(document => document.Settings).Select(setting => setting.Key));
    }

    [Theory]
    [InlineData("a", "a.b")]
    [InlineData("a[0]", "a.b")]
    [InlineData("a[x", null)]
    [InlineData("a[]", null)]
    [InlineData("a[x]", "a[0]")]
    [InlineData("a[99999999]", null)]
    [InlineData("a[0]b", null)]
    [InlineData("a[0", null)]
    public void Keys_that_make_no_tree_are_an_error(string first, string? second)
    {
        var flat = new OrderedDictionary<string, SettingValue> { [first] = SettingValue.Empty };
        if (second is not null)
            flat[second] = SettingValue.Empty;
        Assert.Throws<KeyConflictException>(() => MergedSettings.Tree(flat));
    }

    [Theory]
    [InlineData("${a}", "1")]
    [InlineData("x${a}y${b}z", "x1y1z")]
    [InlineData("${none}", "${none}")]
    [InlineData("${none:d}", "d")]
    [InlineData("${none:${a}}", "1")]
    [InlineData("${none:}", "")]
    [InlineData("${n${c}}", "found")]
    [InlineData("${", "${")]
    [InlineData("${a", "${a")]
    public void Placeholders_are_settings_or_their_defaults(string text, string resolved)
    {
        var environment = Environment(("s", [("a", "1"), ("b", "${a}"), ("c", "ame"), ("name", "found")]));
        Assert.Equal(resolved, new Placeholders(environment).Resolve(text));
    }

    [Fact]
    public void Placeholders_that_never_end_do_end()
    {
        var doubling = Enumerable.Range(0, 40).Select(i => ($"k{i}", $"${{k{i + 1}}}${{k{i + 1}}}${{k{i + 1}}}")).ToArray();
        var environment = Environment(("s", [("self", "${self}x"), ("ping", "${pong}"), ("pong", "${ping}"), .. doubling]));
        var placeholders = new Placeholders(environment);
        Assert.Contains("${", placeholders.Resolve("${self}${ping}"), StringComparison.Ordinal);
        Assert.InRange(placeholders.Resolve("${k0}").Length, 0, 20_000_000);
    }

    [Fact]
    public void A_resolved_number_stays_a_number_in_YAML_and_nothing_resolved_breaks_it()
    {
        var environment = Environment(("s", [("a", "${n}"), ("b", "${bad}"), ("n", "5"), ("bad", "x: y # z")]));
        Assert.Equal("a: 5\nb: 'x: y # z'\nn: '5'\nbad: 'x: y # z'\n", GetText.Render(environment, TextFormat.Yaml, new Placeholders(environment)));
    }

    private static bool RoundTrips(string text, bool escapeAstral) => JsonSerializer.Deserialize<string>(new JsonText(escapeAstral).Text(text).ToString()) == text;

    private static bool IsBinary(string text) => text.Contains('\u0007', StringComparison.Ordinal);

    private static OrderedDictionary<string, object>? Tree(Dictionary<string, SettingValue> settings)
    {
        try
        {
            // A value in the place of a branch is replaced silently; such sets say nothing about writing.
            if (settings.Keys.Any(key => settings.Keys.Any(other => other.Length > key.Length && other.StartsWith(key, StringComparison.Ordinal) && other[key.Length] is '.' or '[')))
                return null;
            return settings.Values.Any(value => IsBinary(value.Text)) ? null : MergedSettings.Tree(new OrderedDictionary<string, SettingValue>(settings));
        }
        catch (KeyConflictException)
        {
            return null;
        }
    }

    private static ResolvedEnvironment Environment(params (string Name, (string Key, string Value)[] Settings)[] sources)
        => new(new EnvironmentQuery("app", "default", null), "v", [.. sources.Select(source => new PropertySource(source.Name,
            [.. source.Settings.Select(setting => new Setting(setting.Key, new SettingValue(setting.Value, IsLiteral: false), null))]))]);
}
