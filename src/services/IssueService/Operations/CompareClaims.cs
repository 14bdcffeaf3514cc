using System.Text.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Gate;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;

namespace FirstCome.IssueService.Operations;

/// <summary>In what gate, ledger and CouponService may differ over a claim.</summary>
internal enum DifferenceKind
{
    /// <summary>A reservation without its mark, older than any way through the log takes.</summary>
    ReservationUnlogged,
    /// <summary>A marked claim that the ledger lacks, though the worker has read past it.</summary>
    ClaimMissing,
    /// <summary>A row that the open gate lacks: its member could win again.</summary>
    ClaimNotInGate,
    /// <summary>Gate and ledger give one number to two claims.</summary>
    ClaimDiffers,
    /// <summary>A number that was given out and is neither a claim nor void.</summary>
    NumberUnexplained,
    /// <summary>An issued row without a coupon.</summary>
    CouponMissing,
    /// <summary>A coupon without an issued row.</summary>
    CouponWithoutClaim,
    /// <summary>Another member, nth or code than the row's.</summary>
    CouponDiffers,
}

/// <summary>What mends a kind of difference; <see cref="None"/> where there is more than one right answer.</summary>
internal enum Mending { None, PublishAgain, RebuildGate, TellAgain }

/// <param name="Kind">Stable, kebab-case.</param>
/// <param name="Mending">What a repair does: <c>publish-again</c>, <c>rebuild-gate</c>, <c>tell-again</c>, or <c>none</c> where a person must judge.</param>
/// <param name="Sequences">The first of them.</param>
internal sealed record Difference(string Kind, long Count, string Mending, IReadOnlyList<long> Sequences);

/// <summary>The differences of one campaign, and what could not be judged.</summary>
internal sealed class Comparison
{
    /// <summary>The sides as callers read them.</summary>
    public const string Gate = "gate", Log = "log", Coupons = "coupons";

    private const int ExamplesMax = 100;

    private readonly SortedDictionary<DifferenceKind, List<long>> _found = [];

    /// <summary>Sides that could not be asked, or had not come to rest; nothing is said of them.</summary>
    public List<string> Unjudged { get; } = [];

    public IReadOnlyList<Difference> Differences =>
        [.. _found.Select(found => new Difference(Name(found.Key), found.Value.Count, Name(MendingOf(found.Key)), [.. found.Value.Take(ExamplesMax)]))];

    public void Add(DifferenceKind kind, long sequence)
    {
        if (!_found.TryGetValue(kind, out var sequences)) { _found[kind] = sequences = []; }
        sequences.Add(sequence);
    }

    public IReadOnlyList<long> Of(DifferenceKind kind) => _found.GetValueOrDefault(kind) ?? [];

    public static Mending MendingOf(DifferenceKind kind) => kind switch
    {
        DifferenceKind.ReservationUnlogged or DifferenceKind.ClaimMissing => Mending.PublishAgain,
        DifferenceKind.ClaimNotInGate => Mending.RebuildGate,
        DifferenceKind.CouponMissing => Mending.TellAgain,
        _ => Mending.None,
    };

    /// <summary>As callers and alarms name it.</summary>
    public static string Name<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}

/// <summary>
/// Compares gate, ledger and coupons claim by claim. Only what has come to rest is judged: the gate is read first, then the log's ends, then the ledger, once it has passed those ends; coupons are read before
/// their rows, and a row is given some seconds to become a coupon. One comparison at a time: it holds the gate's winners in memory, some 60 bytes each.
/// </summary>
internal sealed class CompareClaims(Database ledger, IEventLog log, IHttpClientFactory services, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_drainMax = TimeSpan.FromSeconds(5), s_look = TimeSpan.FromMilliseconds(50);

    // From a reservation to its row, and from a row to its coupon, all engines willing.
    private static readonly TimeSpan s_onItsWay = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1);

    public async Task<Comparison> RunAsync(ActiveCampaign campaign, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var comparison = new Comparison();
            var gate = await ReadGateAsync(campaign, cancellationToken);
            if (gate is null && campaign.Snapshot.Phase != CampaignPhase.Archived) { comparison.Unjudged.Add(Comparison.Gate); }
            var drained = await DrainedAsync(cancellationToken);
            if (!drained) { comparison.Unjudged.Add(Comparison.Log); }
            var side = await Reconciliation.LedgerSideAsync(campaign.Id, ledger, cancellationToken);
            var highest = Math.Max(side.Highest, gate?.Highest ?? 0);
            var coupons = true;
            for (long above = 0, through; above < highest; above = through)
            {
                through = Math.Min(above + InternalApi.RangeMax, highest);
                var made = coupons ? await CouponsAsync(campaign.Id, above, through, cancellationToken) : null;
                coupons = made is not null;
                highest = Math.Max(highest, made?.Highest ?? 0);
                var range = await ReadRangeAsync(campaign.Id, above, through, cancellationToken);
                if (gate is not null) { JudgeGate(comparison, gate, range, above, through, drained); }
                JudgeNumbers(comparison, gate, range, above, through, gate?.Highest ?? side.Highest, drained);
                if (made is not null) { JudgeCoupons(comparison, range, made); }
            }
            if (!coupons) { comparison.Unjudged.Add(Comparison.Coupons); }
            return comparison;
        }
        finally { _one.Release(); }
    }

    public void Dispose() => _one.Dispose();

    private static void JudgeGate(Comparison comparison, GateWinners gate, LedgerRange range, long above, long through, bool drained)
    {
        for (var sequence = above + 1; sequence <= through; sequence++)
        {
            var won = gate.Winners.TryGetValue(sequence, out var winner);
            if (range.Rows.TryGetValue(sequence, out var row))
            {
                if (won && (winner.Member != row.Member || winner.Nth != row.Nth)) { comparison.Add(DifferenceKind.ClaimDiffers, sequence); }
                // A row that is younger than the look at the gate may have been reserved after it.
                if (!won && row.AcceptedAtMs < gate.LookedAtMs) { comparison.Add(DifferenceKind.ClaimNotInGate, sequence); }
            }
            else if (won && !range.Letters.Contains(sequence))
            {
                if (gate.Unlogged.Contains(sequence))
                {
                    if (gate.LookedAtMs - winner.AcceptedAtMs > s_onItsWay.TotalMilliseconds) { comparison.Add(DifferenceKind.ReservationUnlogged, sequence); }
                }
                else if (drained) { comparison.Add(DifferenceKind.ClaimMissing, sequence); }
            }
        }
    }

    private static void JudgeNumbers(Comparison comparison, GateWinners? gate, LedgerRange range, long above, long through, long given, bool drained)
    {
        if (!drained) { return; }
        for (var sequence = above + 1; sequence <= Math.Min(through, given); sequence++)
        {
            if (!range.Rows.ContainsKey(sequence) && !range.Letters.Contains(sequence) && !range.Voids.Contains(sequence) && gate?.Winners.ContainsKey(sequence) != true)
            {
                comparison.Add(DifferenceKind.NumberUnexplained, sequence);
            }
        }
    }

    private void JudgeCoupons(Comparison comparison, LedgerRange range, CouponRange made)
    {
        var oldEnough = (time.GetUtcNow() - s_onItsWay).ToUnixTimeMilliseconds();
        var told = made.Coupons.ToDictionary(coupon => coupon.Sequence);
        foreach (var coupon in made.Coupons)
        {
            if (!range.Rows.TryGetValue(coupon.Sequence, out var row) || row.State != ClaimRowState.Issued) { comparison.Add(DifferenceKind.CouponWithoutClaim, coupon.Sequence); }
            else if (row.Member != coupon.MemberId || row.Nth != coupon.Nth || row.Code != coupon.Code) { comparison.Add(DifferenceKind.CouponDiffers, coupon.Sequence); }
        }
        foreach (var (sequence, row) in range.Rows)
        {
            if (row.State == ClaimRowState.Issued && row.IssuedAtMs < oldEnough && !told.ContainsKey(sequence)) { comparison.Add(DifferenceKind.CouponMissing, sequence); }
        }
    }

    // Winners first, then what has no mark: what is marked in between had been acknowledged by the log before its ends are asked for.
    private static async Task<GateWinners?> ReadGateAsync(ActiveCampaign campaign, CancellationToken cancellationToken)
    {
        if (campaign.Snapshot.Phase == CampaignPhase.Archived) { return null; }
        var (status, before) = await campaign.Gate.NumbersAsync();
        if (status != GateStatus.Answered) { return null; }
        var winners = new Dictionary<long, Winner>();
        await foreach (var winner in campaign.Gate.WinnersAsync().WithCancellation(cancellationToken)) { winners[winner.Sequence] = new Winner(winner.Member, winner.Nth, winner.AcceptedAtMs); }
        var (_, unlogged) = await campaign.Gate.UnloggedAsync(int.MaxValue);
        var (again, after) = await campaign.Gate.NumbersAsync();
        // A rebuild in between: these were two gates.
        if (again != GateStatus.Answered || after.Generation != before.Generation) { return null; }
        return new GateWinners(winners, [.. unlogged.Select(reservation => reservation.Sequence)], before.NowMs, before.Highest);
    }

    private async Task<bool> DrainedAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var ends = await log.EndOffsetsAsync(Topics.CouponClaims, cancellationToken);
        while (true)
        {
            if (await Reconciliation.BehindAsync(ends, ledger, cancellationToken) == 0) { return true; }
            if (time.GetElapsedTime(started) > s_drainMax) { return false; }
            await Task.Delay(s_look, time, cancellationToken);
        }
    }

    private async Task<CouponRange?> CouponsAsync(Guid campaign, long above, long through, CancellationToken cancellationToken)
    {
        try { return await services.CreateClient("coupon-service").GetFromJsonAsync<CouponRange>($"/internal/campaigns/{campaign}/coupons/range?above={above}&through={through}", cancellationToken); }
        catch (Exception exception) when (exception is HttpRequestException or UnavailableException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)) { return null; }
    }

    private Task<LedgerRange> ReadRangeAsync(Guid campaign, long above, long through, CancellationToken cancellationToken) => ledger.ReadAsync(async (connection, token) =>
    {
        var range = new LedgerRange([], [], []);
        await using (var command = LedgerValues.Command(
            connection, null, "SELECT sequence, member_id, nth, state, accepted_at, issued_at, code FROM claim WHERE campaign_id = @id AND sequence > @above AND sequence <= @through",
            ("@id", LedgerValues.Id(campaign)), ("@above", above), ("@through", through)))
        {
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token))
            {
                range.Rows[rows.GetInt64(0)] = new Row(LedgerValues.Id(rows, 1), rows.GetInt32(2), rows.GetInt32(3), rows.GetInt64(4), rows.GetInt64(5), rows.GetString(6));
            }
        }
        await ReadNumbersAsync("SELECT sequence FROM void_sequence WHERE campaign_id = @id AND sequence > @above AND sequence <= @through", range.Voids);
        await ReadNumbersAsync("SELECT sequence FROM dead_letter WHERE campaign_id = @id AND sequence > @above AND sequence <= @through", range.Letters);
        return range;

        async Task ReadNumbersAsync(string sql, HashSet<long> into)
        {
            await using var command = LedgerValues.Command(connection, null, sql, ("@id", LedgerValues.Id(campaign)), ("@above", above), ("@through", through));
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { into.Add(rows.GetInt64(0)); }
        }
    }, cancellationToken);

    private readonly record struct Winner(Guid Member, int Nth, long AcceptedAtMs);

    /// <param name="LookedAtMs">The gate's clock before the first winner was read.</param>
    /// <param name="Highest">The highest number given out by then.</param>
    private sealed record GateWinners(Dictionary<long, Winner> Winners, HashSet<long> Unlogged, long LookedAtMs, long Highest);

    private readonly record struct Row(Guid Member, int Nth, int State, long AcceptedAtMs, long IssuedAtMs, string Code);

    private sealed record LedgerRange(Dictionary<long, Row> Rows, HashSet<long> Voids, HashSet<long> Letters);
}
