using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using FirstCome.Authentication;
using FirstCome.UserService.Members;
using FirstCome.UserService.Tokens;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class KeyRotationTests
{
    [Fact]
    public async Task A_new_key_is_published_before_it_signs_and_the_old_one_until_its_last_token_has_expired()
    {
        await using var service = await RunningUserService.StartAsync();
        var first = Assert.Single(await PublishedAsync(service));
        var (admin, refresh) = await service.SignInAsync(RunningUserService.AdminEmail);
        Assert.Equal(first, KeyOf(admin));

        var order = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, "/api/auth/keys/rotate", token: admin);
        var second = (string)order["next"]!;
        Assert.Equal(first, (string?)order["signing"]);
        Assert.Equal([first, second], await PublishedAsync(service));
        var repeated = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, "/api/auth/keys/rotate", token: admin);
        Assert.Equal(order.ToJsonString(), repeated.ToJsonString());

        service.Time.Advance(TimeSpan.FromMinutes(2) - TimeSpan.FromMilliseconds(1));
        var before = await service.RefreshAsync(HttpStatusCode.OK, refresh);
        Assert.Equal(first, KeyOf((string)before["accessToken"]!));
        service.Time.Advance(TimeSpan.FromSeconds(1));
        var after = await service.RefreshAsync(HttpStatusCode.OK, (string)before["refreshToken"]!);
        Assert.Equal(second, KeyOf((string)after["accessToken"]!));
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: (string?)after["accessToken"]);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: (string?)before["accessToken"]);

        var ring = service.Get<KeyRing>();
        service.Time.Advance(TimeSpan.FromMinutes(64));
        await ring.MaintainAsync(TestContext.Current.CancellationToken);
        Assert.Equal([first, second], await PublishedAsync(service));
        service.Time.Advance(TimeSpan.FromMinutes(2));
        await ring.MaintainAsync(TestContext.Current.CancellationToken);
        Assert.Equal([second], await PublishedAsync(service));
        Assert.Single(Directory.GetFiles(service.KeysFolder, "*.pem"));
        Assert.Equal(1, await service.ScalarAsync<int>("SELECT COUNT(*) FROM administrative_change WHERE action = 'keys-rotate'"));
    }

    [Fact]
    public async Task Instances_share_the_folder_and_take_up_each_others_keys()
    {
        await using var one = await RunningUserService.StartAsync();
        await using var two = await RunningUserService.StartAsync(one);
        Assert.Equal(await PublishedAsync(one), await PublishedAsync(two));
        var (admin, _) = await one.SignInAsync(RunningUserService.AdminEmail);
        await one.AskAsync(HttpStatusCode.OK, HttpMethod.Post, "/api/auth/keys/rotate", token: admin);
        await two.Get<KeyRing>().ReloadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(await PublishedAsync(one), await PublishedAsync(two));
        one.Time.Advance(TimeSpan.FromMinutes(3));
        var (elsewhere, _) = await two.SignInAsync(RunningUserService.OperatorEmail);
        Assert.Equal((await PublishedAsync(one))[1], KeyOf(elsewhere));
    }

    [Fact]
    public async Task Instances_that_start_at_once_on_an_empty_folder_make_one_key()
    {
        var folder = Directory.CreateTempSubdirectory("firstcome-keys-");
        try
        {
            var options = Microsoft.Extensions.Options.Options.Create(new KeyOptions { Folder = Path.Combine(folder.FullName, "keys") });
            var rings = Enumerable.Range(0, 6).Select(_ =>
                new KeyRing(options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<KeyRing>.Instance)).ToList();
            await Task.WhenAll(rings.Select(ring => ring.OpenAsync(TestContext.Current.CancellationToken)));
            Assert.Single(rings.Select(ring => ring.Signing.KeyId).Distinct());
            Assert.Single(Directory.GetFiles(options.Value.Folder, "*.pem"));
            rings.ForEach(ring => ring.Dispose());
        }
        finally { folder.Delete(recursive: true); }
    }

    [Fact]
    public async Task A_clock_that_was_turned_back_puts_no_new_key_before_the_one_that_signs()
    {
        var folder = Directory.CreateTempSubdirectory("firstcome-keys-");
        try
        {
            var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
            var keys = new KeyFolder(folder.FullName, time);
            for (var i = 0; i < 5; i++)
            {
                var added = await keys.AddAsync(TestContext.Current.CancellationToken);
                Assert.Equal(i, keys.List().ToList().IndexOf(added));
                time.AdjustTime(time.GetUtcNow() - TimeSpan.FromSeconds(i % 2));
            }
        }
        finally { folder.Delete(recursive: true); }
    }

    [Fact]
    public async Task Keys_survive_a_restart_are_readable_by_their_owner_only_and_a_broken_file_stops_nothing()
    {
        await using var one = await RunningUserService.StartAsync();
        var before = await PublishedAsync(one);
        var file = Path.Combine(one.KeysFolder, before[0] + ".pem");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(one.KeysFolder));
        }
        await File.WriteAllTextAsync(Path.Combine(one.KeysFolder, "01900000000000-0123abcd.pem"),
            "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----", TestContext.Current.CancellationToken);
        await using var two = await RunningUserService.StartAsync(one);
        Assert.Equal(before, await PublishedAsync(two));
        Assert.Contains("01900000000000-0123abcd", two.Logs.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", two.Logs.ToString(), StringComparison.Ordinal);
        await two.SignInAsync(RunningUserService.AdminEmail);
    }

    [Fact]
    public async Task A_key_that_is_old_enough_is_replaced_without_being_asked()
    {
        await using var service = await RunningUserService.StartAsync();
        service.Time.Advance(TimeSpan.FromDays(30));
        await service.Get<KeyRing>().MaintainAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, (await PublishedAsync(service)).Count);
    }

    [Fact]
    public async Task The_set_holds_public_numbers_only()
    {
        await using var service = await RunningUserService.StartAsync();
        var set = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/.well-known/jwks.json");
        var key = set["keys"]![0]!.AsObject();
        Assert.Equal(["alg", "e", "kid", "kty", "n", "use"], key.Select(member => member.Key).Order());
        Assert.Equal(("RSA", "RS256", "sig"), ((string?)key["kty"], (string?)key["alg"], (string?)key["use"]));
    }

    [Fact]
    public async Task The_largest_token_stays_within_what_verifiers_read()
    {
        await using var service = await RunningUserService.StartAsync();
        var member = Member.New("kim@example.com", "", "Kim", "ko", Role.Merchant | Role.Operator | Role.Admin, service.Time.GetUtcNow()) with
        {
            Grade = new string('금', MemberRules.GradeMax),
            Tags = [.. Enumerable.Range(0, MemberRules.TagsMax).Select(i => $"{i:00}{new string('캠', MemberRules.TagMax - 2)}")],
            BirthMonth = 12,
        };
        var token = service.Get<AccessTokens>().Issue(member, service.Time.GetUtcNow()).Text;
        Assert.InRange(token.Length, 2_000, 4_096);
        var payload = JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]))!;
        Assert.Equal(member.Tags, payload["tags"]!.AsArray().Select(tag => (string)tag!));
    }

    private static async Task<IReadOnlyList<string>> PublishedAsync(RunningUserService service)
    {
        var set = await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/.well-known/jwks.json");
        return [.. set["keys"]!.AsArray().Select(key => (string)key!["kid"]!)];
    }

    private static string KeyOf(string token) =>
        (string)JsonNode.Parse(Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[0])))!["kid"]!;
}
