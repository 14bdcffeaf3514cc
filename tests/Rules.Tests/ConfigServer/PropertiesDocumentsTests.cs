using System.Text;
using FirstCome.ConfigServer.Documents;
using Xunit;

namespace FirstCome.RulesTests.ConfigServer;

public sealed class PropertiesDocumentsTests
{
    [Theory]
    [InlineData("a=1\nb: 2\nc 3", "a=1|b=2|c=3")]
    [InlineData("# x\n! y\n\n  a = b c \n", "a=b c ")]
    [InlineData("a=one,\\\n   two\r\nb=3", "a=one,two|b=3")]
    [InlineData(@"a\=b\:c=\t\u0041\\", "a=b:c=\tA\\")]
    [InlineData("a=1\na=2", "a=2")]
    [InlineData("a=1\n#---\na=2\n", "a=1 / a=2")]
    [InlineData("a=\\", "a=")]
    public void Properties_are_read_as_Java_reads_them(string text, string settings) => Assert.Equal(settings, Flat(text));

    [Fact]
    public void A_broken_escape_is_refused_with_its_line()
        => Assert.Equal(2, Assert.Throws<SettingsFileException>(() => PropertiesDocuments.Read(Encoding.Latin1.GetBytes("a=1\nb=\\u12g4"))).Line);

    private static string Flat(string text)
        => string.Join(" / ", PropertiesDocuments.Read(Encoding.Latin1.GetBytes(text))
            .Select(document => string.Join('|', document.Settings.Select(setting => $"{setting.Key}={setting.Value.Text}"))));
}
