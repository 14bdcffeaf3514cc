using System.Buffers.Binary;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Web;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.IssueService.Operations;
using FirstCome.Ledger;
using FirstCome.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace FirstCome.EnginesTests.Claims;

/// <summary>Every kind of difference between gate, ledger and coupons, made by hand in the engines: named, mended where it has one right answer, and left where not.</summary>
public sealed class ReconciliationTests : IAsyncDisposable
{
    private const int Claims = 6;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    private readonly IssueServiceParts _parts = new();
    private readonly CouponSide _coupons = new();
    private readonly List<(Guid Member, GateAnswer Claim)> _claims = [];
    private ClaimBench _bench = null!;
    private CampaignDirectory _directory = null!;
    private CompareClaims _compare = null!;
    private Reconciliation _reconciliation = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ActiveCampaign Campaign => _directory.Known(_bench.Campaign.Id)!;

    [Fact]
    public async Task Nothing_differs_where_nothing_was_touched()
    {
        await StartAsync();
        await FoundAsync();
        Assert.True((await _reconciliation.ReportAsync(Campaign, false, Cancel)).Consistent);
    }

    [Fact]
    public async Task A_marked_claim_without_a_row_is_published_again()
    {
        await StartAsync();
        await LedgerAsync("DELETE FROM claim WHERE sequence = 3");
        await LedgerAsync("UPDATE campaign SET taken = taken - 1");
        _coupons.Remove(3);
        await FoundAsync("claim-missing 3 publish-again");
        await RepairedAsync(report => Assert.Equal(1, report.MarkedClaimsPublished), async () => await _bench.RecordAsync());
    }

    [Fact]
    public async Task An_old_reservation_without_its_mark_is_published_again()
    {
        await StartAsync();
        var (member, reserved) = (Guid.CreateVersion7(), default(GateAnswer));
        reserved = await _bench.ReserveAsync(member);
        // Young, it is on its way.
        await FoundAsync();
        await ChangeEntryAsync(member, entry => BinaryPrimitives.WriteUInt32BigEndian(entry.AsSpan(7, 4), BinaryPrimitives.ReadUInt32BigEndian(entry.AsSpan(7, 4)) - 60_000));
        await FoundAsync($"reservation-unlogged {reserved.Sequence} publish-again");
        await RepairedAsync(report => Assert.Equal(1, report.ReservationsPublished), async () => await _bench.RecordAsync());
    }

    [Fact]
    public async Task A_row_that_the_gate_lacks_makes_it_be_rebuilt()
    {
        await StartAsync();
        await _bench.Redis.HashDeleteAsync(Bucket(_claims[1].Member), Field(_claims[1].Member));
        await FoundAsync("claim-not-in-gate 2 rebuild-gate");
        var before = _bench.Gate.Generation;
        await RepairedAsync(report => Assert.True(report.GateRebuilt), () => Task.CompletedTask);
        await _bench.Gate.LookAsync();
        Assert.Equal(before + 1, _bench.Gate.Generation);
        Assert.Equal((GateVerdict.Held, 2L), await AskAgainAsync(_claims[1].Member));
    }

    [Fact]
    public async Task An_issued_row_without_a_coupon_is_told_again()
    {
        await StartAsync();
        _coupons.Remove(5);
        await FoundAsync("coupon-missing 5 tell-again");
        await RepairedAsync(report => Assert.Equal(1, report.CouponsTold), TakeToldAsync);
    }

    [Fact]
    public async Task What_has_no_one_right_answer_is_named_and_left()
    {
        await StartAsync();
        await LedgerAsync("UPDATE claim SET nth = 9 WHERE sequence = 1");
        await LedgerAsync("DELETE FROM claim WHERE sequence = 2");
        await _bench.Redis.HashDeleteAsync(Bucket(_claims[1].Member), Field(_claims[1].Member));
        _coupons.Change(3, coupon => coupon with { Code = "ANOTHER" });
        await LedgerAsync("UPDATE claim SET state = 3 WHERE sequence = 4");
        string[] differences = ["claim-differs 1 none", "number-unexplained 2 none", "coupon-without-claim 2,4 none", "coupon-differs 1,3 none"];
        await FoundAsync(differences);
        var report = await _reconciliation.RepairAsync(Campaign, false, Cancel);
        Assert.Equal((0, 0, 0, false), (report.ReservationsPublished, report.MarkedClaimsPublished, report.CouponsTold, report.GateRebuilt));
        Assert.Equal(differences, report.Left.Select(Text));
        await FoundAsync(differences);
    }

    [Fact]
    public async Task What_the_worker_has_not_read_yet_is_not_judged()
    {
        await StartAsync();
        await _bench.AcceptAsync(Guid.CreateVersion7());
        var comparison = await _compare.RunAsync(Campaign, Cancel);
        Assert.Empty(comparison.Differences);
        Assert.Equal(["log"], comparison.Unjudged);
        await _bench.RecordAsync();
        await TakeToldAsync();
        await FoundAsync();
    }

    [Fact]
    public async Task With_CouponService_away_only_the_rest_is_judged()
    {
        await StartAsync();
        await LedgerAsync("DELETE FROM claim WHERE sequence = 3");
        _coupons.Away = true;
        var comparison = await _compare.RunAsync(Campaign, Cancel);
        Assert.Equal(["claim-missing 3 publish-again"], comparison.Differences.Select(Text));
        Assert.Equal(["coupons"], comparison.Unjudged);
    }

    [Fact]
    public async Task With_CouponService_away_the_report_is_neither_consistent_nor_not()
    {
        await StartAsync();
        _coupons.Away = true;
        foreach (var numbersOnly in (bool[])[false, true])
        {
            var report = await _reconciliation.ReportAsync(Campaign, numbersOnly, Cancel);
            Assert.Null(report.Consistent);
            Assert.Equal(["coupons"], report.Unjudged);
        }
        await LedgerAsync("DELETE FROM claim WHERE sequence = 3");
        Assert.False((await _reconciliation.ReportAsync(Campaign, false, Cancel)).Consistent);
        _coupons.Away = false;
        Assert.Empty((await _reconciliation.ReportAsync(Campaign, true, Cancel)).Unjudged);
    }

    [Fact]
    public async Task A_scheduled_run_that_could_not_judge_everything_is_told_and_comes_again_soon()
    {
        await StartAsync();
        _coupons.Away = true;
        var alarms = 0L;
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Name == "firstcome.alarms") { self.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => { foreach (var tag in tags) { if (tag is { Key: "kind", Value: ClaimMetrics.NotReconciled }) { Interlocked.Add(ref alarms, count); } } });
        listener.Start();
        // The campaign is over since yesterday: its turn comes once a day.
        var tomorrow = new Ahead(TimeSpan.FromDays(1));
        var runs = new ReconciliationRuns(_bench.Ledger, tomorrow);
        var options = Options.Create(new ClaimOptions { ReconciliationInterval = TimeSpan.FromSeconds(1) });
        using var scheduled = new ReconcileOnSchedule(_directory, _compare, runs, _parts.Metrics, options, tomorrow, NullLogger<ReconcileOnSchedule>.Instance);
        await scheduled.StartAsync(Cancel);
        await Eventually.TrueAsync(() => Task.FromResult(Interlocked.Read(ref alarms) > 0), s_limit, "the second run in a row raises an alarm");
        Assert.Empty(await runs.ListAsync(_bench.Campaign.Id, Cancel));
        _coupons.Away = false;
        await Eventually.TrueAsync(async () => (await runs.ListAsync(_bench.Campaign.Id, Cancel)).Count > 0, s_limit, "a run that judged everything is kept");
        await scheduled.StopAsync(Cancel);
        Assert.Equal(0, Assert.Single(await runs.ListAsync(_bench.Campaign.Id, Cancel)).Outcome.GetArrayLength());
        Assert.False(await runs.TakeTurnAsync(_bench.Campaign.Id, TimeSpan.FromHours(12), Cancel));
    }

    [Fact]
    public async Task The_trail_keeps_what_is_new_and_a_repair_from_its_beginning()
    {
        await StartAsync();
        var (id, operatorId) = (_bench.Campaign.Id, Guid.CreateVersion7());
        // Runs are minutes apart: within one millisecond none would be the last.
        var runs = new ReconciliationRuns(_bench.Ledger, new AlwaysLater());
        var (none, some) = (JsonSerializer.SerializeToElement(Array.Empty<Difference>()), JsonSerializer.SerializeToElement(new[] { new Difference("claim-missing", 1, "publish-again", [3]) }));
        foreach (var found in (JsonElement[])[none, none, some, some]) { await runs.KeepIfNewAsync(id, found, Cancel); }
        var repair = await runs.BeginAsync(id, operatorId, Cancel);
        Assert.True((await runs.ListAsync(id, Cancel))[0].Outcome.GetProperty("unfinished").GetBoolean());
        await runs.EndAsync(id, repair, JsonSerializer.SerializeToElement(new { couponsTold = 4 }), Cancel);
        // A repair in between makes no finding new.
        await runs.KeepIfNewAsync(id, some, Cancel);
        await runs.KeepIfNewAsync(id, none, Cancel);
        var kept = await runs.ListAsync(id, Cancel);
        Assert.Equal(["0", "4", "1", "0"], kept.Select(run => run.Actor is null ? $"{run.Outcome.GetArrayLength()}" : $"{run.Outcome.GetProperty("couponsTold")}"));
        Assert.Equal(operatorId, kept[1].Actor);
    }

    [Fact]
    public async Task The_scheduled_run_tells_what_it_found_once_for_all_instances()
    {
        await StartAsync();
        _coupons.Remove(6);
        var runs = new ReconciliationRuns(_bench.Ledger, TimeProvider.System);
        var options = Options.Create(new ClaimOptions { ReconciliationInterval = TimeSpan.FromSeconds(1) });
        using var first = new ReconcileOnSchedule(_directory, _compare, runs, _parts.Metrics, options, TimeProvider.System, NullLogger<ReconcileOnSchedule>.Instance);
        await first.StartAsync(Cancel);
        await Eventually.TrueAsync(async () => (await runs.ListAsync(_bench.Campaign.Id, Cancel)).Count > 0, s_limit, "the run is kept");
        await first.StopAsync(Cancel);
        var run = (await runs.ListAsync(_bench.Campaign.Id, Cancel))[^1];
        Assert.Null(run.Actor);
        Assert.Equal("coupon-missing", Assert.Single(run.Outcome.EnumerateArray()).GetProperty("kind").GetString());
        // Nobody has two turns in one interval.
        await LedgerAsync("UPDATE campaign SET reconciled_at = 0");
        Assert.True(await runs.TakeTurnAsync(_bench.Campaign.Id, TimeSpan.FromHours(1), Cancel));
        Assert.False(await runs.TakeTurnAsync(_bench.Campaign.Id, TimeSpan.FromHours(1), Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        _compare.Dispose();
        await _directory.DisposeAsync();
        await _bench.DisposeAsync();
        await _parts.DisposeAsync();
    }

    /// <summary>Claims that are accepted, recorded, and coupons.</summary>
    private async Task StartAsync()
    {
        _bench = await ClaimBench.StartAsync(LedgerEngine.Sqlite, quota: 20);
        _directory = _parts.Directory(_bench);
        _directory.Take(_bench.Campaign);
        // Rows are old enough for coupons at once.
        _compare = new CompareClaims(_bench.Ledger, _bench.Log, _coupons, new Ahead(TimeSpan.FromMinutes(1)));
        _reconciliation = _bench.Reconciliation(_compare, _coupons);
        for (var i = 0; i < Claims; i++)
        {
            var member = Guid.CreateVersion7();
            _claims.Add((member, await _bench.AcceptAsync(member)));
        }
        await _bench.RecordAsync();
        await _bench.Ledger.ReadAsync(async (connection, token) =>
        {
            await using var command = LedgerValues.Command(connection, null, $"SELECT {ClaimRow.Columns} FROM claim");
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { _coupons.Take(ClaimRow.Read(rows).ToIssued()); }
            return true;
        }, Cancel);
    }

    private async Task FoundAsync(params string[] differences) => Assert.Equal(differences, (await _compare.RunAsync(Campaign, Cancel)).Differences.Select(Text));

    /// <summary>A dry run changes nothing, the repair mends, and a second one has nothing to do.</summary>
    private async Task RepairedAsync(Action<RepairReport> check, Func<Task> flows)
    {
        var found = (await _compare.RunAsync(Campaign, Cancel)).Differences.Select(Text).ToArray();
        check(await _reconciliation.RepairAsync(Campaign, true, Cancel));
        await flows();
        await FoundAsync(found);

        var repair = _reconciliation.RepairAsync(Campaign, false, Cancel);
        // A rebuild waits for the worker.
        while (!repair.IsCompleted)
        {
            await _bench.RecordAsync();
            await Task.WhenAny(repair, Task.Delay(5, Cancel));
        }
        check(await repair);
        await flows();
        await TakeToldAsync();
        await FoundAsync();
        var again = await _reconciliation.RepairAsync(Campaign, false, Cancel);
        Assert.Equal((0, 0, 0, false), (again.ReservationsPublished, again.MarkedClaimsPublished, again.CouponsTold, again.GateRebuilt));
    }

    // As CouponService does; and rows whose coupon the worker itself would tell (the bench's has no such part).
    private async Task TakeToldAsync()
    {
        await using var reader = _bench.Log.Subscribe(new LogSubscription(Topics.CouponIssued, null, new LogStart.Since(DateTimeOffset.UnixEpoch)));
        foreach (var record in await reader.ReadAsync(100, TimeSpan.FromMilliseconds(200), Cancel)) { _coupons.Take(JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.CouponIssued)!); }
        foreach (var sequence in (await _compare.RunAsync(Campaign, Cancel)).Of(DifferenceKind.CouponMissing).Where(sequence => sequence is 3 or > Claims))
        {
            await _bench.Ledger.ReadAsync(async (connection, token) =>
            {
                await using var command = LedgerValues.Command(connection, null, $"SELECT {ClaimRow.Columns} FROM claim WHERE sequence = @sequence", ("@sequence", sequence));
                await using var rows = await command.ExecuteReaderAsync(token);
                await rows.ReadAsync(token);
                _coupons.Take(ClaimRow.Read(rows).ToIssued());
                return true;
            }, Cancel);
        }
    }

    private async Task<(GateVerdict Verdict, long Sequence)> AskAgainAsync(Guid member)
    {
        var answer = await _bench.ReserveAsync(member);
        return (answer.Verdict, answer.Sequence);
    }

    private Task<int> LedgerAsync(string sql) => _bench.Ledger.WriteAsync(async (connection, transaction, token) =>
    {
        await using var command = LedgerValues.Command(connection, transaction, sql);
        return await command.ExecuteNonQueryAsync(token);
    }, Cancel);

    private async Task ChangeEntryAsync(Guid member, Action<byte[]> change)
    {
        var entry = (byte[])(await _bench.Redis.HashGetAsync(Bucket(member), Field(member)))!;
        change(entry);
        await _bench.Redis.HashSetAsync(Bucket(member), Field(member), entry);
    }

    private StackExchange.Redis.RedisKey Bucket(Guid member) => _bench.Gate.Keys.Winners(_bench.Gate.Generation, GateKeys.Bucket(Field(member), GateKeys.BucketsFor(_bench.Campaign.Quota)));

    private static byte[] Field(Guid member) => member.ToByteArray(bigEndian: true);

    private static string Text(Difference difference) => $"{difference.Kind} {string.Join(',', difference.Sequences)} {difference.Mending}";

    private sealed class AlwaysLater : TimeProvider
    {
        private int _asked;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddMinutes(Interlocked.Increment(ref _asked));
    }

    private sealed class Ahead(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }

    /// <summary>CouponService's answer to a question for a range; its own behaviour has its own tests.</summary>
    private sealed class CouponSide : HttpMessageHandler, IHttpClientFactory
    {
        private readonly SortedDictionary<long, CouponOfClaim> _made = [];

        public bool Away { get; set; }

        public void Take(CouponIssued issued) => _made.TryAdd(issued.Sequence, new CouponOfClaim(issued.Sequence, issued.MemberId, issued.Nth, issued.Code));

        public void Remove(long sequence) => Assert.True(_made.Remove(sequence));

        public void Change(long sequence, Func<CouponOfClaim, CouponOfClaim> change) => _made[sequence] = change(_made[sequence]);

        public HttpClient CreateClient(string name) => new(this, disposeHandler: false) { BaseAddress = new Uri("http://coupons/") };

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (Away) { throw new HttpRequestException("CouponService is away."); }
            if (request.RequestUri!.AbsolutePath.EndsWith("/summary", StringComparison.Ordinal)) { return Answer(new CouponSummary(_made.Count, 0, 0, 0)); }
            var query = HttpUtility.ParseQueryString(request.RequestUri.Query);
            var (above, through) = (long.Parse(query["above"]!, null), long.Parse(query["through"]!, null));
            Assert.InRange(through - above, 0, InternalApi.RangeMax);
            return Answer(new CouponRange(_made.Count == 0 ? 0 : _made.Keys.Last(), [.. _made.Values.Where(coupon => coupon.Sequence > above && coupon.Sequence <= through)]));
        }

        private static Task<HttpResponseMessage> Answer<T>(T body) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = JsonContent.Create(body) });
    }
}
