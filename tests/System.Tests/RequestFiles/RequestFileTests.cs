using System.Globalization;
using System.Text.RegularExpressions;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.SystemTests.RequestFiles;

/// <summary>The files of <c>http/</c>, sent as a newcomer sends them: each promises its statuses, and a system with new data keeps them.</summary>
public sealed partial class RequestFileTests
{
    private const int FirstPort = 8080;

    [Fact]
    public async Task Every_request_is_answered_as_its_file_promises()
    {
        using var folder = new TemporaryFolder();
        await using var system = new AllInOneProcess(folder.File("data"));
        await system.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(30) };
        var passwords = system.Accounts().ToDictionary(account => account.Email, account => account.Password);
        var wrong = new List<string>();
        foreach (var name in Order())
        {
            var file = RequestFile.Read(name, await File.ReadAllTextAsync(Path.Combine(Folder(), name), TestContext.Current.CancellationToken));
            Assert.NotEmpty(file.Requests);
            wrong.AddRange(await new RequestSender(http, PutIn(file.Variables, system.Port, passwords)).SendAllAsync(file.Requests));
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void The_order_names_every_file() =>
        Assert.Equal(Directory.GetFiles(Folder(), "*.http").Select(Path.GetFileName).Order(StringComparer.Ordinal), Order().Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("### No status\nGET http://a/", "# → 201")]
    [InlineData("### No request\n# → 200\n", "no request line")]
    [InlineData("GET http://a/\n### Late\n# → 200\nGET http://a/", "before the first ###")]
    [InlineData("### Two\n# → 200\nGET http://a/\nGET http://b/", "no header")]
    public void What_cannot_be_read_is_told(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => RequestFile.Read("a.http", text)).Message, StringComparison.Ordinal);

    // What the README asks a person to put in: the passwords, and the port if it is another one.
    private static Dictionary<string, string> PutIn(Dictionary<string, string> variables, int port, Dictionary<string, string> passwords) => variables.ToDictionary(
        variable => variable.Key,
        variable => variable.Value == "from-demo-accounts.json"
            ? passwords[variables[variable.Key.Replace("-password", "-email", StringComparison.Ordinal)]]
            : LocalAddress().Replace(variable.Value, match => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port + int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) - FirstPort}")));

    private static List<string> Order() =>
        [.. File.ReadLines(Path.Combine(Folder(), "README.md")).Select(line => TableRow().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value)];

    private static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "FirstCome.slnx"))) { return Path.Combine(folder.FullName, "http"); }
        }
        throw new InvalidOperationException("The repository's root is not above the tests.");
    }

    [GeneratedRegex(@"^\| \[[\w.-]+\]\(([\w-]+\.http)\) \|")]
    private static partial Regex TableRow();

    [GeneratedRegex(@"^http://127\.0\.0\.1:(\d+)$")]
    private static partial Regex LocalAddress();
}
