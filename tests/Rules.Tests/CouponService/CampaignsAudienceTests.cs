using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>Uploading a list of members, and reading it as IssueService does.</summary>
public sealed class CampaignsAudienceTests
{
    [Fact]
    public async Task A_list_of_addresses_becomes_ascending_ids_each_once()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync(WithList);
        Assert.Equal((0, "\"0\""), ((await ListAsync(host, id)).Ids.Count, (await ListAsync(host, id)).ETag));
        AddMembers(host, 2_500);
        var csv = "\ufeff\"Email\"\r\n" + string.Concat(host.Peers.Members.Keys.Select(email => $"{email.ToUpperInvariant()}\r\n\"{email}\"\r\n"));
        var answer = await UploadAsync(host, id, csv, "\"1\"");
        Assert.Equal((2_500, "\"2\""), ((int)answer.Is(200)["accepted"]!, answer.ETag));
        var list = await ListAsync(host, id);
        Assert.Equal(host.Peers.Members.Values.OrderBy(Key), list.Ids);
        Assert.Equal("\"1\"", list.ETag);
        Assert.Equal(1, (await host.StandingAsync(id)).AudienceListVersion);
        var entry = (await host.SendAsync("GET", $"/api/campaigns/{id}/history")).Is(200)["items"]![0]!;
        Assert.Equal(("replaceAudience", 2_500, "audienceMembers"), ((string?)entry["action"], (int)entry["audienceMembers"]!, (string?)entry["changed"]![0]));
    }

    [Fact]
    public async Task Ids_are_checked_too_and_one_wrong_line_refuses_all()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync(WithList);
        AddMembers(host, 3);
        var members = host.Peers.Members.Values.ToList();
        (await UploadAsync(host, id, $"memberId\n{members[0]}\n", "\"1\"")).Is(200);
        var problem = (await UploadAsync(host, id, $"memberId\n{members[1]}\n{Guid.CreateVersion7()}\nnonsense\n{members[2]}\n", "\"2\"")).Is(400, "audience-list-rejected");
        Assert.Equal(["3 is no member", "4 must be a member's id, for instance 0198f3a2-7c1e-7d44-9b0a-3f5c2d1e6a7b"], problem["rejected"]!.AsArray().Select(line => $"{line!["line"]} {line["reason"]}"));
        Assert.Equal([members[0]], (await ListAsync(host, id)).Ids);
        Assert.Equal((1, 1, "1:create 2:replaceAudience"), (await host.CountAsync("audience_list"), await host.CountAsync("audience_chunk"), await host.HistoryAsync(id)));
    }

    [Fact]
    public async Task The_first_thousand_wrong_lines_are_told()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync(WithList);
        var csv = "email\n" + string.Concat(Enumerable.Range(0, 30_000).Select(i => i % 2 == 0 ? "nonsense\n" : $"nobody{i}@b.example\n"));
        var rejected = (await UploadAsync(host, id, csv, "\"1\"")).Is(400, "audience-list-rejected")["rejected"]!.AsArray();
        Assert.Equal(Enumerable.Range(2, 1_000), rejected.Select(line => (int)line!["line"]!));
        Assert.Equal(["must be an e-mail address", "is no member"], rejected.Take(2).Select(line => (string?)line!["reason"]));
        Assert.Equal(0, await host.CountAsync("audience_list"));
    }

    [Fact]
    public async Task A_list_of_many_chunks_comes_back_as_it_was()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync(WithList);
        AddMembers(host, 13_000);
        var csv = "email\n" + string.Concat(host.Peers.Members.Keys.Select(email => $"{email}\n"));
        Assert.Equal(13_000, (int)(await UploadAsync(host, id, csv, "\"1\"")).Is(200)["accepted"]!);
        Assert.Equal(host.Peers.Members.Values.OrderBy(Key), (await ListAsync(host, id)).Ids);
        Assert.Equal(4, await host.CountAsync("audience_chunk"));
    }

    [Fact]
    public async Task A_live_list_is_there_to_be_read_when_the_gate_gets_the_order()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync(WithList);
        AddMembers(host, 2);
        var members = host.Peers.Members.ToList();
        (await UploadAsync(host, id, $"email\n{members[0].Key}\n", "\"1\"")).Is(200);
        (await host.SendAsync("POST", $"/api/campaigns/{id}/schedule")).Is(200);
        IReadOnlyList<Guid> seen = [];
        host.Peers.OnOrder = async (_, _) =>
        {
            seen = (await ListAsync(host, id)).Ids;
            return null;
        };
        (await UploadAsync(host, id, $"email\n{members[1].Key}\n", "\"3\"")).Is(200);
        Assert.Equal(2, host.Peers.Taken.Last().AudienceListVersion);
        Assert.Equal([members[1].Value], seen);
        Assert.Equal([members[1].Value], (await ListAsync(host, id)).Ids);
    }

    [Fact]
    public async Task An_upload_needs_the_right_type_version_state_and_size()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync();
        var path = $"/api/campaigns/{id}/audience/members";
        (await host.SendAsync("PUT", path, "{}", "\"1\"")).Is(415, "unsupported-media-type");
        (await host.SendAsync("PUT", path, new StringContent("email\n", Encoding.UTF8, new MediaTypeHeaderValue("text/csv", "euc-kr")), "\"1\"")).Is(415, "unsupported-media-type");
        (await UploadAsync(host, id, "email\n", null)).Is(428, "precondition-required");
        (await UploadAsync(host, id, "email\n", "\"7\"")).Is(412, "precondition-failed");
        (await UploadAsync(host, Guid.CreateVersion7(), "email\n", "\"1\"")).Is(404, "campaign-unknown");
        (await UploadAsync(host, id, "", "\"1\"")).Is(400, "audience-list-rejected");
        (await host.SendAsync("PUT", path, new LongList(65 * 1024 * 1024), "\"1\"")).Is(413, "payload-too-large");
        (await host.SendAsync("POST", $"/api/campaigns/{id}/schedule")).Is(200);
        (await UploadAsync(host, id, "email\n", "\"2\"")).Is(409, "illegal-transition");
        Assert.Equal(0, await host.CountAsync("audience_list"));
    }

    [Fact]
    public async Task Without_UserService_nothing_is_taken()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync(WithList);
        host.Peers.IsUserServiceAway = true;
        (await UploadAsync(host, id, "email\na@b.example\n", "\"1\"")).Is(503, "unavailable");
        Assert.Equal((0, "1:create"), (await host.CountAsync("audience_list"), await host.HistoryAsync(id)));
    }

    [Fact]
    public async Task A_version_that_moved_during_the_upload_refuses_it()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync(WithList);
        AddMembers(host, 1);
        var slow = new ListWithAPause($"email\n{host.Peers.Members.Keys.Single()}\n");
        var upload = host.SendAsync("PUT", $"/api/campaigns/{id}/audience/members", slow, "\"1\"");
        await slow.Begun;
        (await host.SendAsync("PATCH", $"/api/campaigns/{id}", "{\"quota\":5}", "\"1\"")).Is(200);
        slow.GoOn();
        (await upload).Is(412, "precondition-failed");
        Assert.Equal((0, "1:create 2:change"), ((await host.StandingAsync(id)).AudienceListVersion, await host.HistoryAsync(id)));
    }

    [Fact]
    public async Task No_more_lists_than_there_is_memory_for_are_uploaded_at_a_time()
    {
        await using var host = await CampaignsHost.StartAsync("--Campaigns:UploadsMax=1");
        var id = await host.CreateAsync(WithList);
        var slow = new ListWithAPause("email\n");
        var upload = host.SendAsync("PUT", $"/api/campaigns/{id}/audience/members", slow, "\"1\"");
        await slow.Begun;
        // Looked at from inside: a request that looks would take the place itself, and the slow one would be refused.
        await CampaignsHost.EventuallyAsync(() => Task.FromResult(host.UploadSlots.IsFull), "the only place is taken");
        (await UploadAsync(host, id, "email\nnonsense\n", "\"1\"")).Is(503, "unavailable");
        slow.GoOn();
        (await upload).Is(200);
        (await UploadAsync(host, id, "email\n", "\"2\"")).Is(200);
    }

    [Fact]
    public async Task Lists_that_nobody_uses_are_removed_after_their_time_and_no_version_comes_twice()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync(WithList);
        AddMembers(host, 3);
        var version = 1;
        foreach (var email in host.Peers.Members.Keys) { (await UploadAsync(host, id, $"email\n{email}\n", $"\"{version++}\"")).Is(200); }
        Assert.Equal(3, await host.CountAsync("audience_chunk"));
        await host.StopAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(61));
        await host.RunAsync();
        await CampaignsHost.EventuallyAsync(async () => await host.CountAsync("audience_chunk") == 1, "the two lists before are removed");
        Assert.Single((await ListAsync(host, id)).Ids);
        (await UploadAsync(host, id, "email\n", "\"4\"")).Is(200);
        Assert.Equal(4, (await host.StandingAsync(id)).AudienceListVersion);
    }

    [Fact]
    public async Task An_unchanged_list_is_not_sent_again()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync(WithList);
        var path = $"/internal/campaigns/{id}/audience/members";
        var answer = await host.SendAsync("GET", path, null, null, ("X-Service-Key", CampaignsHost.ServiceKey), ("If-None-Match", "\"0\""));
        Assert.Equal((304, "\"0\""), ((int)answer.Status, answer.ETag));
        (await host.SendAsync("GET", path, null, null)).Is(401, "unauthenticated");
        (await host.InternalAsync($"/internal/campaigns/{Guid.CreateVersion7()}/audience/members")).Is(404, "campaign-unknown");
    }

    [Fact]
    public async Task Any_list_comes_back_sorted_and_without_repetition()
    {
        await using var host = await CampaignsHost.StartAsync();
        AddMembers(host, 40);
        var members = host.Peers.Members.ToList();
        var id = await host.CreateAsync(WithList);
        var version = 1;
        await Gen.Int[0, 39].Array[0, 60].SampleAsync(
            async picks =>
            {
                var csv = $"email\n{string.Concat(picks.Select(pick => $"{members[pick].Key}\n"))}";
                var accepted = (int)(await UploadAsync(host, id, csv, $"\"{version++}\"")).Is(200)["accepted"]!;
                var ids = (await ListAsync(host, id)).Ids;
                return accepted == ids.Count && ids.SequenceEqual(picks.Select(pick => members[pick].Value).Distinct().OrderBy(Key));
            },
            iter: 30, threads: 1);
    }

    private static void WithList(JsonObject json) => json["audience"] = JsonNode.Parse("""[{"kind":"list"}]""");

    private static void AddMembers(CampaignsHost host, int count)
    {
        // Random ids, so that the order of bytes is tried and not the order of making.
        for (var i = 0; i < count; i++) { host.Peers.Members[$"member{i}@b.example"] = Guid.NewGuid(); }
    }

    private static Task<CampaignsAnswer> UploadAsync(CampaignsHost host, Guid id, string csv, string? ifMatch) =>
        host.SendAsync("PUT", $"/api/campaigns/{id}/audience/members", CampaignsHost.Csv(csv), ifMatch);

    private static async Task<(IReadOnlyList<Guid> Ids, string? ETag)> ListAsync(CampaignsHost host, Guid id)
    {
        var answer = await host.InternalAsync($"/internal/campaigns/{id}/audience/members");
        Assert.Equal((200, "application/octet-stream"), ((int)answer.Status, answer.MediaType));
        return ([.. answer.Body.Chunk(16).Select(bytes => new Guid(bytes, bigEndian: true))], answer.ETag);
    }

    private static UInt128 Key(Guid id) => BinaryPrimitives.ReadUInt128BigEndian(id.ToByteArray(bigEndian: true));

    /// <summary>A header and empty lines, as many bytes as asked for.</summary>
    private sealed class LongList : HttpContent
    {
        private readonly long _length;

        public LongList(long length)
        {
            _length = length;
            Headers.ContentType = new MediaTypeHeaderValue("text/csv");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            var block = new byte[64 * 1024];
            block.AsSpan().Fill((byte)'\n');
            for (long sent = 0; sent < _length; sent += block.Length) { await stream.WriteAsync(block); }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _length;
            return true;
        }
    }

    /// <summary>A list whose sender stops after the first byte until it is told to go on.</summary>
    private sealed class ListWithAPause : HttpContent
    {
        private readonly byte[] _csv;
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously), _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ListWithAPause(string csv)
        {
            _csv = Encoding.UTF8.GetBytes(csv);
            Headers.ContentType = new MediaTypeHeaderValue("text/csv");
        }

        public Task Begun => _begun.Task;

        public void GoOn() => _goOn.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(_csv.AsMemory(0, 1));
            await stream.FlushAsync();
            _begun.TrySetResult();
            await _goOn.Task;
            await stream.WriteAsync(_csv.AsMemory(1));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _csv.Length;
            return true;
        }
    }
}
