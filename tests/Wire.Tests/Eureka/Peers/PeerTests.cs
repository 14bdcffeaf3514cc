using System.Net;
using System.Text;
using FirstCome.TestKit;
using Microsoft.Extensions.Options;
using Xunit;

namespace FirstCome.WireTests.Eureka.Peers;

public sealed class PeerTests
{
    private const string Instance =
        """{"instanceId":"ID","hostName":"h","app":"A","ipAddr":"1.2.3.4","vipAddress":"VIP","dataCenterInfo":{"@class":"x","name":"MyOwn"},"lastDirtyTimestamp":"DIRTY"}""";

    [Fact]
    public async Task What_peers_say_is_not_passed_on_and_what_clients_say_is()
    {
        await using var peer = await RecordingPeer.StartAsync();
        await using var server = await StartAsync(peer);
        await PostAsync(server, "/eureka/peerreplication/batch/", Batch("Register", "from-batch", Of("from-batch")));
        await PostAsync(server, "/eureka/apps/A", $$"""{"instance":{{Of("from-peer")}}}""", replicated: true);
        await SendAsync(server, HttpMethod.Put, "/eureka/apps/A/from-peer", replicated: true);
        await SendAsync(server, HttpMethod.Put, "/eureka/apps/A/from-peer/status?value=DOWN", replicated: true);
        await SendAsync(server, HttpMethod.Delete, "/eureka/apps/A/from-peer/status", replicated: true);
        await SendAsync(server, HttpMethod.Delete, "/eureka/apps/A/from-peer", replicated: true);

        await PostAsync(server, "/eureka/apps/A", $$"""{"instance":{{Of("own")}}}""");
        await peer.UntilToldAsync("Register own");
        await SendAsync(server, HttpMethod.Put, "/eureka/apps/A/own");
        await peer.UntilToldAsync("Register own", "Heartbeat own");
        await SendAsync(server, HttpMethod.Put, "/eureka/apps/A/own/status?value=DOWN");
        await peer.UntilToldAsync("Register own", "Heartbeat own", "StatusUpdate own");
        await SendAsync(server, HttpMethod.Delete, "/eureka/apps/A/own/status?value=UP");
        await peer.UntilToldAsync("Register own", "Heartbeat own", "StatusUpdate own", "DeleteStatusOverride own");
        await SendAsync(server, HttpMethod.Put, "/eureka/apps/A/own/metadata?k=v");
        await peer.UntilToldAsync("Register own", "Heartbeat own", "StatusUpdate own", "DeleteStatusOverride own", "Register own");
        await SendAsync(server, HttpMethod.Delete, "/eureka/apps/A/own");
        await peer.UntilToldAsync("Register own", "Heartbeat own", "StatusUpdate own", "DeleteStatusOverride own", "Register own", "Cancel own");
    }

    [Fact]
    public async Task A_peer_that_fails_is_told_again_once_it_does_not_and_health_says_so()
    {
        await using var peer = await RecordingPeer.StartAsync();
        var (asked, isFailing) = (0, true);
        peer.Answer = _ =>
        {
            Interlocked.Increment(ref asked);
            return Volatile.Read(ref isFailing) ? (503, "") : (200, "{\"statusCode\":200}");
        };
        await using var server = await StartAsync(peer);
        await PostAsync(server, "/eureka/apps/A", $$"""{"instance":{{Of("own")}}}""");
        await Eventually.TrueAsync(async () => (await server.Http.GetStringAsync("/health")).Contains("peers do not answer"), TimeSpan.FromSeconds(10), "health tells");
        var before = Volatile.Read(ref asked);
        await SendAsync(server, HttpMethod.Put, "/eureka/apps/A/own");
        // A call that was under way may not know of it: one more does.
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) >= before + 2, TimeSpan.FromSeconds(20), "the peer is asked again");
        Volatile.Write(ref isFailing, false);
        // The heartbeat is part of the registration that has yet to be told.
        await peer.UntilToldAsync("Register own");
        await Eventually.TrueAsync(async () => !(await server.Http.GetStringAsync("/health")).Contains("peers do not answer"), TimeSpan.FromSeconds(10), "health is well");
    }

    [Fact]
    public async Task A_peer_that_does_not_know_an_instance_is_told_the_whole_of_it()
    {
        await using var peer = await RecordingPeer.StartAsync();
        peer.Answer = told => (200, told == "Heartbeat own" ? "{\"statusCode\":404}" : "{\"statusCode\":200}");
        await using var server = await StartAsync(peer);
        await PostAsync(server, "/eureka/apps/A", $$"""{"instance":{{Of("own")}}}""");
        await peer.UntilToldAsync("Register own");
        await SendAsync(server, HttpMethod.Put, "/eureka/apps/A/own");
        await peer.UntilToldAsync("Register own", "Heartbeat own", "Register own");
    }

    [Fact]
    public async Task A_peer_that_knows_a_newer_instance_is_believed()
    {
        await using var peer = await RecordingPeer.StartAsync();
        peer.Answer = told => (200, told == "Heartbeat own" ? $$"""{"statusCode":409,"responseEntity":{{Of("own", dirty: 9, vip: "newer")}}}""" : "{\"statusCode\":200}");
        await using var server = await StartAsync(peer);
        await PostAsync(server, "/eureka/apps/A", $$"""{"instance":{{Of("own")}}}""");
        await peer.UntilToldAsync("Register own");
        await SendAsync(server, HttpMethod.Put, "/eureka/apps/A/own");
        await Eventually.TrueAsync(async () => (await server.JsonAsync("/eureka/vips/newer")).Contains("\"own\""), TimeSpan.FromSeconds(10), "the newer instance stands");
    }

    [Fact]
    public async Task A_batch_that_a_peer_refuses_is_given_up_and_the_next_is_told()
    {
        await using var peer = await RecordingPeer.StartAsync();
        peer.Answer = told => told == "Register bad" ? (400, "") : (200, "{\"statusCode\":200}");
        await using var server = await StartAsync(peer);
        await PostAsync(server, "/eureka/apps/A", $$"""{"instance":{{Of("bad")}}}""");
        await SendAsync(server, HttpMethod.Put, "/eureka/apps/A/bad");
        await Eventually.TrueAsync(async () =>
        {
            await PostAsync(server, "/eureka/apps/A", $$"""{"instance":{{Of("good")}}}""");
            return peer.Told.Contains("Register good");
        }, TimeSpan.FromSeconds(10), "the next batch is told");
    }

    [Fact]
    public async Task Wrong_peers_are_told_at_the_start()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => StartedServer.StartAsync(0,
            new("Discovery:Peers", "ftp://a,http://user:secret@b/eureka,c"), new("Discovery:PeerCallTimeout", "00:10:00")));
        Assert.Equal(2, failure.Failures.Count());
        Assert.DoesNotContain("secret", failure.Message);
    }

    private static Task<StartedServer> StartAsync(RecordingPeer peer) => StartedServer.StartAsync(0, new KeyValuePair<string, string?>("Discovery:Peers", peer.Url));

    private static string Of(string id, long dirty = 1, string vip = "v") => Instance.Replace("ID", id).Replace("DIRTY", $"{dirty}").Replace("VIP", vip);

    private static string Batch(string action, string id, string instance) =>
        $$"""{"replicationList":[{"appName":"A","id":"{{id}}","action":"{{action}}","instanceInfo":{{instance}}}]}""";

    private static async Task PostAsync(StartedServer server, string path, string body, bool replicated = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (replicated) request.Headers.Add("x-netflix-discovery-replication", "true");
        using var answer = await server.Http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode} for {body}");
    }

    private static async Task SendAsync(StartedServer server, HttpMethod method, string path, bool replicated = false)
    {
        using var request = new HttpRequestMessage(method, path);
        if (replicated) request.Headers.Add("x-netflix-discovery-replication", "true");
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
