using FirstCome.ConfigServer.Secrets;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>Asks our server what the original was asked. The answer is the same, or the deviation is listed here and in docs/protocols/config-server.md.</summary>
public sealed class RecordedExchangesTests(RecordedServers servers) : IClassFixture<RecordedServers>
{
    private const string Json = "application/json";

    /// <summary>Recorded without a key, for whoever asks; here an administrator asks.</summary>
    private static readonly string[] WithoutKey =
        ["decrypt-no-key.http", "encrypt-app-profile-no-key.http", "encrypt-empty.http", "encrypt-no-key.http", "encrypt-status.http", "key.http"];

    /// <summary>Encrypted anew each time.</summary>
    private static readonly string[] Encrypted = ["with-key-encrypt.http", "with-key-encrypt-urlencoded.http"];

    private static readonly Dictionary<string, Deviation> Deviations = new()
    {
        // The original's web server refuses these with a page of HTML; a config client reads JSON.
        ["bad-application-dotdot.http"] = new(400, Json),
        ["bad-application-dotdot-encoded.http"] = new(400, Json),
        ["bad-application-slash-encoded.http"] = new(400, Json),
        ["bad-profile-backslash.http"] = new(400, Json),
        ["bad-profile-slash-encoded.http"] = new(400, Json),
        ["env-label-slash-percent-2f.http"] = new(400, Json),
        ["file-bad-backslash.http"] = new(400, Json),
        ["file-bad-dotdot-octet.http"] = new(400, Json),
        ["file-bad-dotdot-octet-stream.http"] = new(400, Json),
        ["file-bad-dotdot-slash-encoded.http"] = new(400, Json),
        // Refused by the HTTP server, before there is a request.
        ["file-bad-nul.http"] = new(400, null, ""),
        ["env-accept-text-html.http"] = new(406, null, ""),
        // A broken file leaves its application on the last commit that can be read.
        ["env-broken-yaml.http"] = new(200, Json, Contains: "\"version\":\"da9306e6e7fac214e6921901a42b331437106e44\""),
        ["no-master-fallback-broken-yaml.http"] = new(200, Json, Contains: "\"version\":\"da9306e6e7fac214e6921901a42b331437106e44\""),
        ["text-yml-broken-yaml.http"] = new(200, "text/plain", Contains: "greeting: hello"),
        // What is unknown is 404, never 500.
        ["env-label-unknown-commit.http"] = new(404, Json),
        ["no-master-fallback-unknown-commit.http"] = new(404, Json),
        ["no-master-fallback-bad-application-star.http"] = new(404, Json),
        ["no-master-fallback-bad-profile-colon.http"] = new(404, Json),
        ["no-master-fallback-bad-profile-comma-only.http"] = new(404, Json),
        ["no-master-fallback-bad-profile-dotdot.http"] = new(404, Json),
        ["no-master-fallback-bad-profile-hash.http"] = new(404, Json),
        ["no-master-fallback-bad-profile-inner-underscore.http"] = new(404, Json),
        ["no-master-fallback-bad-profile-leading-underscore.http"] = new(404, Json),
        ["no-master-fallback-bad-profile-percent-25.http"] = new(404, Json),
        ["no-master-fallback-bad-profile-space.http"] = new(404, Json),
        ["no-master-fallback-bad-profile-star.http"] = new(404, Json),
        ["no-master-fallback-bad-profile-text.http"] = new(404, Json),
        ["master-only-bad-profile-hash.http"] = new(404, Json),
        ["file-bad-dotdot-label.http"] = new(400, Json),
        // Files that are not text go out as they are; what is not in the commit does not go out at all.
        ["file-binary-accept-all.http"] = new(200, "application/octet-stream", Contains: "${a.b}"),
        ["file-binary-accept-image.http"] = new(200, "image/png", Contains: "${a.b}"),
        ["file-dot-git.http"] = new(404, null, ""),
        // The original had been recorded without the part that takes push notices.
        ["monitor.http"] = new(200, Json, "[\"issue-service\"]"),
        // What was never encrypted is the caller's mistake.
        ["with-key-decrypt-invalid.http"] = new(400, Json),
    };

    public static TheoryData<string> Recordings => [.. ConfigFixtures.Files];

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task A_recorded_exchange_has_the_recorded_answer_or_a_listed_one(string file)
    {
        ConfigFixtures.SkipIfAbsent();
        var masterOnly = file.StartsWith("master-only-", StringComparison.Ordinal);
        foreach (var exchange in RecordedExchange.Read(Path.Combine(ConfigFixtures.Folder, file)))
        {
            var answer = await (exchange with { Headers = [.. exchange.Headers, $"Authorization: Bearer {RecordedServers.Token}"] })
                .SendAsync(ServerOf(file, masterOnly), TestContext.Current.CancellationToken);
            if (Encrypted.Contains(file))
            {
                Assert.Equal(exchange.Answer with { Body = Decrypt(exchange.Answer.Body) }, answer with { Body = Decrypt(answer.Body) });
                Assert.NotEqual(exchange.Answer.Body, answer.Body);
                continue;
            }
            var comparable = answer with { Body = answer.Body.Replace(servers.NameOf(masterOnly), "REPO", StringComparison.Ordinal) };
            if (!Deviations.TryGetValue(file, out var deviation))
            {
                Assert.Equal(exchange.Answer, comparable);
                continue;
            }
            Assert.NotEqual(exchange.Answer, comparable);
            Assert.Equal(deviation.Status, answer.Status);
            Assert.Equal(deviation.ContentType, answer.ContentType);
            if (deviation.Body is { } body)
                Assert.Equal(body, answer.Body);
            if (deviation.Status >= 400 && deviation.ContentType == Json)
                Assert.Contains($"\"status\":{deviation.Status},", answer.Body, StringComparison.Ordinal);
            Assert.Contains(deviation.Contains, answer.Body, StringComparison.Ordinal);
        }
    }

    private Uri ServerOf(string file, bool masterOnly)
        => masterOnly ? servers.MasterOnly : WithoutKey.Contains(file) ? servers.Administered : file.StartsWith("with-key-", StringComparison.Ordinal) ? servers.WithKey : servers.Main;

    private static string Decrypt(string cipher) => new TextEncryptor(RecordedServers.Key, "deadbeef").TryDecrypt(cipher, out var plain) ? plain : "(not decrypted)";

    private sealed record Deviation(int Status, string? ContentType, string? Body = null, string Contains = "");
}
