using System.Runtime.CompilerServices;
using FirstCome.ConfigServer.Documents;
using Xunit;

namespace FirstCome.RulesTests.ConfigServer;

public sealed class ShippedSettingsTests
{
    [Fact]
    public void Every_file_of_config_repo_can_be_read_and_no_duration_became_a_number()
    {
        var files = Directory.GetFiles(ConfigRepo(), "*.yml");
        Assert.NotEmpty(files);
        Assert.All(files, file =>
        {
            var settings = YamlDocuments.Read(File.ReadAllBytes(file)).SelectMany(document => document.Settings);
            // 00:00:05 without quotes is text by luck, 10:00:00 is 36000.
            Assert.All(settings.Where(setting => setting.Value.IsLiteral), setting => Assert.DoesNotContain(':', Line(file, setting.Origin!).Split(':', 2)[1]));
        });
    }

    private static string Line(string file, string origin) => File.ReadAllLines(file)[int.Parse(origin.Split(':')[0], null) - 1].Split('#')[0];

    private static string ConfigRepo([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "config-repo"));
}
