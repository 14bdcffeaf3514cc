using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Gate;
using FirstCome.IssueService.Operations;
using FirstCome.IssueWorker.Recording;
using FirstCome.ServiceDefaults;
using Xunit;

namespace FirstCome.EnginesTests.Claims;

/// <summary>What the worker's transaction keeps, whatever the log brings.</summary>
public abstract class LedgerBatchBehaviour(LedgerEngine engine)
{
    private static GateAnswer Answer(long sequence, int nth = 1) => new(GateVerdict.Won, sequence, nth, 1_800_000_000_000 + sequence);

    [Fact]
    public async Task A_replay_changes_nothing_and_is_told_with_the_same_code()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 5);
        var member = Guid.CreateVersion7();
        await bench.PublishAsync(member, Answer(1), 1);
        var first = Assert.Single(Assert.Single(await bench.RecordAsync()).Issued);
        await bench.PublishAsync(member, Answer(1), 1);
        var again = Assert.Single(await bench.RecordAsync());
        Assert.Equal((0, first.Code, first.IssuedAtMs), (again.New, Assert.Single(again.Issued).Code, again.Issued[0].IssuedAtMs));
        Assert.Equal(1, await bench.CountAsync("SELECT taken FROM campaign WHERE campaign_id = @id"));
    }

    [Fact]
    public async Task The_same_claim_twice_in_one_batch_is_one_row()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 5);
        var member = Guid.CreateVersion7();
        await bench.PublishAsync(member, Answer(1), 1);
        await bench.PublishAsync(member, Answer(1), 1);
        var result = Assert.Single(await bench.RecordAsync());
        Assert.Equal((1, 2), (result.New, result.Issued.Count));
        Assert.Equal(1, await bench.CountAsync("SELECT COUNT(*) FROM claim WHERE campaign_id = @id"));
    }

    [Fact]
    public async Task A_number_that_belongs_to_another_member_is_a_dead_letter_and_the_row_stays()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 5);
        var (one, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await bench.PublishAsync(one, Answer(1), 1);
        await bench.RecordAsync();
        await bench.PublishAsync(other, Answer(1), 1);
        var result = Assert.Single(await bench.RecordAsync());
        Assert.Equal("sequence-conflict", Assert.Single(result.Reviewed).Reason);
        Assert.Equal(1, await bench.CountAsync("SELECT COUNT(*) FROM dead_letter WHERE campaign_id = @id AND has_row = 0 AND state = 1"));
        Assert.Equal(1, await bench.CountAsync("SELECT taken FROM campaign WHERE campaign_id = @id"));
        await bench.PublishAsync(other, Answer(1), 1);
        Assert.Empty(Assert.Single(await bench.RecordAsync()).Reviewed);
    }

    [Fact]
    public async Task A_second_number_for_the_same_nth_is_a_dead_letter()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 5);
        var member = Guid.CreateVersion7();
        await bench.PublishAsync(member, Answer(1), 1);
        await bench.PublishAsync(member, Answer(2), 1);
        var result = Assert.Single(await bench.RecordAsync());
        Assert.Equal("member-conflict", Assert.Single(result.Reviewed).Reason);
        Assert.Equal(1, Assert.Single(result.Issued).Sequence);
    }

    [Fact]
    public async Task Beyond_the_limit_the_worker_waits_and_then_keeps_the_claim_under_review()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 1);
        await bench.PublishAsync(Guid.CreateVersion7(), Answer(1), 1);
        await bench.PublishAsync(Guid.CreateVersion7(), Answer(2), 1);
        var reader = bench.Log.Subscribe(new LogSubscription(Topics.CouponClaims, null, new LogStart.Since(DateTimeOffset.UnixEpoch)));
        var batch = new LedgerBatch(bench.Ledger, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<LedgerBatch>.Instance);
        var records = new List<ConsumedRecord>();
        while (records.Count < 2) { records.AddRange(await reader.ReadAsync(10, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken)); }
        Assert.Null(await batch.WriteAsync(records, patient: true, TestContext.Current.CancellationToken));
        Assert.Equal(0, await bench.CountAsync("SELECT COUNT(*) FROM claim WHERE campaign_id = @id"));
        var result = Assert.Single(await bench.RecordAsync());
        Assert.Equal(("beyond-limit", 2L), (result.Reviewed[0].Reason, result.Reviewed[0].Sequence));
        Assert.Equal(1, await bench.CountAsync("SELECT COUNT(*) FROM claim WHERE campaign_id = @id AND state = 2 AND sequence = 2"));
        Assert.Equal(1, await bench.CountAsync("SELECT taken FROM campaign WHERE campaign_id = @id"));
        await reader.DisposeAsync();
    }

    [Fact]
    public async Task Claims_that_were_published_twice_take_one_place_each_up_to_the_last()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 3);
        var members = Enumerable.Range(0, 3).Select(_ => Guid.CreateVersion7()).ToList();
        for (var round = 0; round < 2; round++) { for (var i = 0; i < members.Count; i++) { await bench.PublishAsync(members[i], Answer(i + 1), 1); } }
        var results = await bench.RecordAsync(patient: true);
        Assert.Equal((3, 0), (results.Sum(result => result.New), results.Sum(result => result.Reviewed.Count)));
        Assert.Equal(3, await bench.CountAsync("SELECT taken FROM campaign WHERE campaign_id = @id"));
    }

    [Fact]
    public async Task A_record_that_names_no_claim_is_kept_raw()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 5);
        // A fence of the log's own is passed over; without a value alone it is none.
        await bench.Log.ProduceAsync(
            Topics.CouponClaims,
            [new LogRecord("x", "{\"campaignId\":17}"u8.ToArray()), LogFence.Record, new LogRecord("y", Array.Empty<byte>())], TestContext.Current.CancellationToken);
        await bench.PublishAsync(Guid.CreateVersion7(), Answer(1), 1);
        var results = await bench.RecordAsync();
        Assert.Equal((2, 1), (results.Sum(result => result.Malformed), results.Sum(result => result.New)));
        Assert.Equal(2, await bench.CountAsync("SELECT COUNT(*) FROM malformed_record"));
    }

    [Fact]
    public async Task Broken_records_are_read_page_by_page_and_no_more_than_the_first_bytes_of_each()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 5);
        var large = Enumerable.Range(0, MalformedRecords.ValueBytesMax + 10).Select(index => (byte)index).ToArray();
        await bench.Log.ProduceAsync(
            Topics.CouponClaims, [new LogRecord("x", new byte[] { 0, 255, 1 }), new LogRecord("x", large)], TestContext.Current.CancellationToken);
        await bench.RecordAsync();
        var first = await ReadAsync(bench, null);
        Assert.Equal([0, 255, 1], Assert.Single(first.Items).Value);
        var second = await ReadAsync(bench, first.Next);
        var record = Assert.Single(second.Items);
        Assert.Equal((large.Length, null), (record.Bytes, second.Next));
        Assert.Equal(large[..MalformedRecords.ValueBytesMax], record.Value);

        var errors = new FieldErrors();
        var foreign = new PageRequest(1, Cursor.Encode("-1", "x"));
        Assert.Null(await MalformedRecords.ReadAsync(foreign, bench.Ledger, errors, TestContext.Current.CancellationToken));
        Assert.True(errors.Any);
    }

    [Fact]
    public async Task A_dead_letter_without_a_row_explains_its_number_and_a_missing_number_is_still_missing()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 9);
        var member = Guid.CreateVersion7();
        await bench.PublishAsync(member, Answer(1), 1);
        await bench.PublishAsync(member, Answer(2), 1);
        await bench.PublishAsync(Guid.CreateVersion7(), Answer(3), 1);
        await bench.RecordAsync();
        var side = await Reconciliation.LedgerSideAsync(bench.Campaign.Id, bench.Ledger, TestContext.Current.CancellationToken);
        Assert.Equal((2, 1, 3, true), (side.Issued, side.DeadLetters, side.Highest, side.NumbersExplained));

        await bench.PublishAsync(Guid.CreateVersion7(), Answer(5), 1);
        await bench.RecordAsync();
        side = await Reconciliation.LedgerSideAsync(bench.Campaign.Id, bench.Ledger, TestContext.Current.CancellationToken);
        Assert.Equal((5, false), (side.Highest, side.NumbersExplained));
    }

    private static async Task<Page<MalformedRecord>> ReadAsync(ClaimBench bench, string? after)
    {
        var page = await MalformedRecords.ReadAsync(new PageRequest(1, after), bench.Ledger, new FieldErrors(), TestContext.Current.CancellationToken);
        return page ?? throw new InvalidOperationException("The page was refused.");
    }

    [Fact]
    public async Task Of_a_group_a_member_is_issued_one_coupon_where_the_campaign_asks_for_it()
    {
        await using var bench = await ClaimBench.StartAsync(
            engine, quota: 5, campaign => campaign with { Group = "spring", PerMember = 2, Audience = [new AudienceCondition(AudienceCondition.FirstInGroupKind)] });
        var member = Guid.CreateVersion7();
        await bench.PublishAsync(member, Answer(1), 1, "a");
        await bench.RecordAsync();
        await bench.PublishAsync(member, Answer(2, nth: 2), 1, "b");
        Assert.Equal("group-conflict", Assert.Single(Assert.Single(await bench.RecordAsync()).Reviewed).Reason);
    }

    [Fact]
    public async Task Offsets_move_with_the_rows_and_never_go_back()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 50);
        for (var i = 1; i <= 20; i++) { await bench.PublishAsync(Guid.CreateVersion7(), Answer(i), 1); }
        await bench.RecordAsync();
        Assert.Equal(20, await bench.CountAsync("SELECT SUM(next_offset) FROM consumer_offset"));
        var reader = bench.Log.Subscribe(new LogSubscription(Topics.CouponClaims, null, new LogStart.Since(DateTimeOffset.UnixEpoch)));
        var batch = new LedgerBatch(bench.Ledger, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<LedgerBatch>.Instance);
        var early = await reader.ReadAsync(3, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        await batch.WriteAsync(early, patient: false, TestContext.Current.CancellationToken);
        Assert.Equal(20, await bench.CountAsync("SELECT SUM(next_offset) FROM consumer_offset"));
        await reader.DisposeAsync();
    }

    [Fact]
    public async Task Every_code_is_another_one()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 200);
        for (var i = 1; i <= 120; i++) { await bench.PublishAsync(Guid.CreateVersion7(), Answer(i), 1); }
        var issued = (await bench.RecordAsync()).SelectMany(result => result.Issued).ToList();
        Assert.Equal((120, 120), (issued.Count, issued.Select(row => row.Code).Distinct().Count()));
        Assert.All(issued, row => Assert.True(FirstCome.Contracts.Coupons.CouponCode.TryParse(row.Code, out _)));
    }

    [Fact]
    public async Task Of_a_group_a_whole_batch_of_members_joins()
    {
        await using var bench = await ClaimBench.StartAsync(
            engine, quota: 200, campaign => campaign with { Group = "spring", Audience = [new AudienceCondition(AudienceCondition.FirstInGroupKind)] });
        for (var i = 1; i <= 120; i++) { await bench.PublishAsync(Guid.CreateVersion7(), Answer(i), 1); }
        await bench.RecordAsync();
        Assert.Equal((120, 120), (await bench.CountAsync("SELECT COUNT(*) FROM group_member WHERE campaign_id = @id"), await bench.CountAsync("SELECT taken FROM campaign WHERE campaign_id = @id")));
    }

    // Partitions of one campaign belong to several workers; and one that was thought dead may still write what its successor writes, too.
    [Fact]
    public async Task Two_workers_on_one_ledger_get_done_and_count_each_place_once()
    {
        const int BatchRows = 200, Batches = 6;
        await using var bench = await ClaimBench.StartAsync(engine, quota: 10_000);
        Task WorkAsync(int first) => Task.Run(async () =>
        {
            var batch = new LedgerBatch(bench.Ledger, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<LedgerBatch>.Instance);
            for (var i = 0; i < Batches; i++)
            {
                var records = Enumerable.Range(0, BatchRows).Select(row => Record(bench.Campaign.Id, first + (((i * BatchRows) + row) * 2))).ToList();
                Assert.NotNull(await batch.WriteAsync(records, patient: false, TestContext.Current.CancellationToken));
            }
        }, TestContext.Current.CancellationToken);
        // Odd numbers and even numbers, and the odd ones twice.
        await Task.WhenAll(WorkAsync(1), WorkAsync(2), WorkAsync(1)).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(BatchRows * Batches * 2, await bench.CountAsync("SELECT COUNT(*) FROM claim WHERE campaign_id = @id AND state = 1"));
        Assert.Equal(BatchRows * Batches * 2, await bench.CountAsync("SELECT taken FROM campaign WHERE campaign_id = @id"));
        Assert.Equal(0, await bench.CountAsync("SELECT COUNT(*) FROM dead_letter"));
    }

    // The same number is always the same claim of the same member.
    private static ConsumedRecord Record(Guid campaign, int sequence)
    {
        var member = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(member.AsSpan(4), sequence * 7919);
        var claim = new ClaimAccepted(campaign, new Guid(member, bigEndian: true), 1, sequence, 1, new string('a', 32), 1_800_000_000_000 + sequence);
        return new ConsumedRecord(
            new LogPosition(sequence % 2, sequence / 2), DateTimeOffset.UnixEpoch, "", System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(claim, MessageJson.Default.ClaimAccepted), null);
    }
}
