using System.Net;
using System.Text;
using Xunit;

namespace FirstCome.WireTests.Eureka;

/// <summary>What a real Spring Cloud Eureka server answered, asked of ours, in the recorded order and from the same state.</summary>
public sealed class RecordedEurekaTests
{
    // A line is a recording, or a request that was not recorded but must have been made: "+app id-number status" registers, "METHOD path" is sent.
    private static readonly string[] MainRun =
    [
        "apps-empty-json", "apps-empty-delta-json", "apps-empty-xml", "apps-empty-no-accept",
        "register", "apps-one-up", "delta-after-register", "register-again-same-dirty", "register-down", "register-lower-case-app",
        "apps-json", "apps-no-trailing-slash-json", "apps-v2-path", "apps-regions", "apps-full-format-header", "apps-accept-list",
        "apps-gzip", "apps-head", "delta-trailing-slash", "delta-gzip", "options",
        "apps-xml", "apps-accept-all", "apps-xml-gzip", "delta-xml", "apps-compact-header", "apps-xml-compact-header",
        "apps-accept-netflix-vendor-json", "apps-accept-text-plain",
        "app-xml", "instance-xml", "instance-no-accept", "instance-all-optional-fields-xml", "vips-xml", "app-unknown-xml",
        "app", "app-lower-case", "app-trailing-slash", "app-gzip", "instance", "instance-lower-case-app", "instance-percent-encoded-id",
        "instances-by-id", "instance-all-optional-fields", "vips", "vips-second-of-list", "vips-unknown", "vips-upper-case", "svips", "svips-unknown",
        "app-unknown", "instance-unknown", "instances-by-id-unknown",
        "heartbeat-unknown-instance", "heartbeat-unknown-app", "heartbeat", "heartbeat-no-query", "heartbeat-lower-case-app",
        "heartbeat-smaller-dirty-timestamp", "heartbeat-greater-dirty-timestamp", "heartbeat-replication-greater-dirty-timestamp",
        "heartbeat-replication-smaller-dirty-timestamp", "heartbeat-replication-overridden-status",
        "instance-after-replicated-overridden-status-heartbeat", "heartbeat-different-status", "instance-after-heartbeat-with-different-status",
        "heartbeat-bad-status-value",
        "+unkst 10.0.0.20 1 UNKNOWN", "heartbeat-of-instance-with-status-unknown", "DELETE /eureka/apps/UNKST/10.0.0.20:unkst:1",
        "status-override-put", "instance-after-status-override", "delta-after-status-override", "apps-three-statuses-hashcode",
        "heartbeat-while-overridden", "register-while-overridden", "instance-after-register-while-overridden",
        "register-with-older-dirty-timestamp", "instance-after-register-with-older-dirty-timestamp",
        "status-override-delete-with-value", "instance-after-status-override-delete-with-value", "delta-after-status-override-delete",
        "status-override-put-same-as-current", "PUT /eureka/apps/ISSUE-SERVICE/10.0.0.5:issue-service:5001/status?value=OUT_OF_SERVICE",
        "status-override-delete-no-value", "instance-after-status-override-delete-no-value", "apps-hashcode-with-unknown",
        "heartbeat-after-status-override-delete-no-value", "instance-after-heartbeat-after-override-delete",
        "status-override-put-unknown-instance", "status-override-delete-unknown-instance", "status-override-put-bad-dirty-timestamp",
        "instance-after-odd-status-override-values",
        "metadata-put", "instance-after-metadata-put", "delta-after-metadata-put", "metadata-put-unknown-instance", "metadata-put-no-query",
        "+many 10.1.0.0 80 UP", "+many 10.1.0.1 80 DOWN", "+many 10.1.0.2 80 STARTING", "+many 10.1.0.3 80 OUT_OF_SERVICE", "+many 10.1.0.4 80 UNKNOWN",
        "vips-instances-of-every-status", "apps-all-statuses-hashcode", "apps-all-statuses-hashcode-xml",
        "DELETE /eureka/apps/MANY/10.1.0.0:many:80", "DELETE /eureka/apps/MANY/10.1.0.1:many:80", "DELETE /eureka/apps/MANY/10.1.0.2:many:80",
        "DELETE /eureka/apps/MANY/10.1.0.3:many:80", "DELETE /eureka/apps/MANY/10.1.0.4:many:80",
        "cancel", "delta-after-cancel", "delta-after-cancel-xml", "apps-after-cancel", "cancel-unknown-instance", "cancel-unknown-app",
        "register-xml", "instance-registered-by-xml", "instance-registered-by-xml-as-xml", "register-xml-malformed",
        "register-non-ascii-metadata", "instance-non-ascii-metadata", "instance-non-ascii-metadata-xml", "register-amazon", "app-amazon",
        "register-no-dirty-no-lease", "instance-registered-without-dirty-and-lease", "register-replication-header", "cancel-replication-header",
        "apps-post-not-allowed", "app-put-not-allowed", "unknown-path", "delta-cannot-be-app-name", "eureka-root", "serverinfo", "double-slash",
    ];

    private static readonly string[] RegistrationRun =
    [
        "register-missing-app", "register-missing-data-center-info", "register-missing-data-center-info-name", "register-missing-host-name",
        "register-missing-ip-addr", "register-missing-instance-id", "register-empty-app", "register-empty-body", "register-empty-host-name",
        "register-empty-instance-id", "register-empty-ip-addr", "register-empty-object", "register-blank-instance-id", "register-malformed-json",
        "register-mismatched-app", "register-null-instance", "register-unwrapped-instance", "register-data-center-info-unknown-name",
        "register-data-center-info-without-class",
        "register-unknown-field", "register-unknown-status", "app-unknown-fields-and-status", "register-no-content-type", "register-text-plain",
        "register-no-vip-no-ports-minimal", "instance-minimal", "register-lenient-types", "instance-lenient-types",
    ];

    private static readonly string[] BatchRun =
    [
        "batch-heartbeat-unknown", "batch-no-trailing-slash", "batch-cancel-unknown", "batch-status-update-unknown", "batch-delete-status-override-unknown",
        "batch-register", "batch-heartbeat", "batch-heartbeat-with-instance", "batch-heartbeat-greater-dirty-timestamp",
        "batch-heartbeat-smaller-dirty-timestamp", "batch-status-update", "instance-after-batch-status-update", "batch-delete-status-override",
        "instance-after-batch-delete-status-override", "batch-cancel", "batch-several", "batch-empty", "batch-malformed", "batch-unknown-action",
        "batch-register-missing-hostname", "batch-register-without-instance",
    ];

    /// <summary>Each stands in docs/protocols/eureka.md with its reason.</summary>
    public static TheoryData<string, HttpStatusCode, string?> Deviations { get; } = new()
    {
        { "apps-accept-text-html", HttpStatusCode.OK, "text/html" },
        { "apps-accept-xml-then-json", HttpStatusCode.OK, "application/json" },
        { "apps-root-path", HttpStatusCode.NotFound, "application/problem+json" },
        { "heartbeat-bad-dirty-timestamp", HttpStatusCode.BadRequest, "application/json" },
        { "status-override-put-bad-value", HttpStatusCode.BadRequest, "application/json" },
        { "status-override-put-lower-case-value", HttpStatusCode.BadRequest, "application/json" },
        { "status-override-put-no-value", HttpStatusCode.BadRequest, "application/json" },
        { "eureka-status", HttpStatusCode.NotFound, "application/json" },
        { "batch-null-list", HttpStatusCode.BadRequest, "application/json" },
    };

    [Fact]
    public void Every_recording_is_replayed_or_a_deviation()
    {
        string[] sessions = ["client-session", "peer-session"];
        var told = MainRun.Concat(RegistrationRun).Concat(BatchRun).Concat(sessions).Concat(Deviations.Select(row => row.Data.Item1)).ToHashSet();
        var recorded = Directory.EnumerateFiles(RecordedExchange.Folder(), "*.http").Select(file => Path.GetFileNameWithoutExtension(file));
        Assert.Equal([], recorded.Except(told));
    }

    [Fact]
    public Task Reads_heartbeats_overrides_and_cancellations_are_answered_as_recorded() => ReplayAsync(MainRun);

    [Fact]
    public Task Registrations_are_answered_as_recorded() => ReplayAsync(RegistrationRun);

    [Fact]
    public Task Batches_of_peers_are_answered_as_recorded() => ReplayAsync(BatchRun);

    [Theory]
    [InlineData("client-session")]
    [InlineData("peer-session")]
    public async Task A_session_of_the_Java_client_or_server_is_answered_as_recorded(string session)
    {
        var folder = RecordedExchange.Folder();
        await using var server = await StartedServer.StartAsync();
        var replay = new ExchangeReplay(server.Http, gzipIsShownDecoded: true);
        var differences = new List<string>();
        foreach (var exchange in RecordedExchange.LoadSession(folder, session))
        {
            if (await replay.DifferenceAsync(exchange, TestContext.Current.CancellationToken) is { } difference) differences.Add(difference);
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Theory]
    [MemberData(nameof(Deviations))]
    public async Task Where_we_differ_on_purpose_we_differ_as_documented(string name, HttpStatusCode expected, string? contentType)
    {
        var exchange = RecordedExchange.Load(RecordedExchange.Folder(), name);
        await using var server = await StartedServer.StartAsync();
        using var response = await new ExchangeReplay(server.Http).SendAsync(exchange, TestContext.Current.CancellationToken);
        Assert.Equal((expected, contentType), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    private static async Task ReplayAsync(string[] run)
    {
        var folder = RecordedExchange.Folder();
        await using var server = await StartedServer.StartAsync();
        var replay = new ExchangeReplay(server.Http);
        var differences = new List<string>();
        foreach (var line in run)
        {
            if (line.StartsWith('+')) await RegisterAsync(server, folder, line[1..].Split(' '));
            else if (line.Contains(' ')) await SendAsync(server, line.Split(' '));
            else if (await replay.DifferenceAsync(RecordedExchange.Load(folder, line), TestContext.Current.CancellationToken) is { } difference)
                differences.Add(difference);
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static async Task RegisterAsync(StartedServer server, string folder, string[] words)
    {
        var (app, host, port, status) = (words[0], words[1], words[2], words[3]);
        var body = RecordedExchange.Load(folder, "register").RequestBody
            .Replace("10.0.0.5", host).Replace("issue-service", app).Replace("ISSUE-SERVICE", app.ToUpperInvariant()).Replace("5001", port)
            .Replace("\"UP\"", $"\"{status}\"");
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync($"/eureka/apps/{app}", content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private static async Task SendAsync(StartedServer server, string[] words)
    {
        using var request = new HttpRequestMessage(new HttpMethod(words[0]), words[1]);
        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
