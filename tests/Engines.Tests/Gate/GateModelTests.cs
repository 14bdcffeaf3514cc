using System.Diagnostics;
using CsCheck;
using FirstCome.Contracts.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using Xunit;

namespace FirstCome.EnginesTests.Gate;

/// <summary>The gate against a model of a few lines, over random interleavings of claims, marks and an operator's changes. CsCheck prints the seed of a failure.</summary>
public abstract class GateModelBehaviour : GateBehaviour
{
    private const int Members = 8, Keys = 3;

    private static readonly Gen<Move> s_step = Gen.Frequency(
        (10, Gen.Select(Gen.Int[0, Members - 1], Gen.Int[0, Keys - 1], Gen.Frequency((6, Gen.Const(true)), (1, Gen.Const(false)))).Select(claim => (Move)new Move.Claims([claim]))),
        (3, Gen.Select(Gen.Int[0, Members - 1], Gen.Int[0, Keys - 1], Gen.Const(true)).Array[2, 6].Select(claims => (Move)new Move.Claims(claims))),
        (6, Gen.Int[0, 5].Select(index => (Move)new Move.Mark(index))),
        (2, Gen.Int[1, 12].Select(quota => (Move)new Move.Quota(quota))),
        (1, Gen.Bool.Select(paused => (Move)new Move.Pause(paused))),
        (1, Gen.Int[0, 3].Select(released => (Move)new Move.Release(released))));

    [Fact]
    public Task The_gate_agrees_with_its_model() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 3], s_step.Array[5, 60]).SampleAsync(async (quota, perMember, steps) =>
        {
            var campaign = Campaign(quota) with { PerMember = perMember };
            var run = new Run(await OpenAsync(campaign), campaign);
            foreach (var step in steps) { await run.ApplyAsync(step); }
            await run.CheckNumbersAsync();
        }, iter: 60);

    public abstract record Move
    {
        public sealed record Claims((int Member, int Key, bool Eligible)[] Each) : Move
        {
            public override string ToString() => $"Claims {string.Join(", ", Each)}";
        }

        public sealed record Mark(int Index) : Move;

        public sealed record Quota(int Value) : Move;

        public sealed record Pause(bool Paused) : Move;

        public sealed record Release(int Places) : Move;
    }

    /// <summary>The model: a list of winners, and who of them is marked.</summary>
    private sealed class Run(CampaignGate gate, Campaign campaign)
    {
        private readonly Guid[] _members = [.. Enumerable.Range(0, Members).Select(_ => Member())];
        private readonly List<(int Member, int Key, long Sequence, bool Marked)> _winners = [];
        private Campaign _campaign = campaign;
        private long _released;
        private long? _heldBackSince;

        private long Limit => _campaign.Quota + _released;

        public async Task ApplyAsync(Move step)
        {
            switch (step)
            {
                case Move.Claims claims: await ClaimAsync(claims.Each); break;
                case Move.Mark mark: await MarkAsync(mark.Index); break;
                case Move.Quota quota: await ConfigureAsync(_campaign with { Quota = quota.Value }, _released); break;
                case Move.Pause pause: await ConfigureAsync(_campaign with { Phase = pause.Paused ? CampaignPhase.Paused : CampaignPhase.Active }, _released); break;
                case Move.Release release: await ConfigureAsync(_campaign, _released + release.Places); break;
                default: throw new InvalidOperationException($"Unknown step {step}.");
            }
        }

        public async Task CheckNumbersAsync()
        {
            var (status, numbers) = await gate.NumbersAsync();
            Assert.Equal(GateStatus.Answered, status);
            Assert.Equal((_winners.Count, _winners.Count(winner => !winner.Marked), Limit), (numbers.Winners, numbers.Unlogged, numbers.Limit));
            Assert.True(numbers.Winners <= Math.Max(numbers.Limit, numbers.Winners));
        }

        private async Task ClaimAsync((int Member, int Key, bool Eligible)[] claims)
        {
            var answers = new GateAnswer[claims.Length];
            await gate.ClaimAsync([.. claims.Select(claim => new GateClaim(_members[claim.Member], IdempotencyKey.Hash($"{claim.Key}"), claim.Eligible))], answers);
            for (var i = 0; i < claims.Length; i++)
            {
                var expected = Expect(claims[i].Member, claims[i].Key, claims[i].Eligible);
                // Two seconds of the server's clock may pass within a run on a busy machine: from then on numbers may be given again.
                if (_heldBackSince is { } since && expected.Verdict == GateVerdict.NotYetKnown && answers[i].Verdict == GateVerdict.Won && _winners.Count < Limit)
                {
                    Assert.True(Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(1.9), "A number was given while the gate holds them back.");
                    _heldBackSince = null;
                    expected = Expect(claims[i].Member, claims[i].Key, claims[i].Eligible);
                }
                Assert.Equal(expected.Verdict, answers[i].Verdict);
                Assert.Equal(expected.Sequence, answers[i].Sequence);
                if (answers[i].Verdict == GateVerdict.Won) { _winners.Add((claims[i].Member, claims[i].Key, answers[i].Sequence, false)); }
            }
        }

        private (GateVerdict Verdict, long Sequence) Expect(int member, int key, bool eligible)
        {
            var held = _winners.FirstOrDefault(winner => winner.Member == member && winner.Key == key);
            if (held.Sequence > 0) { return (held.Marked ? GateVerdict.Held : GateVerdict.HeldUnlogged, held.Sequence); }
            if (_campaign.Phase == CampaignPhase.Paused) { return (GateVerdict.Paused, 0); }
            if (!eligible) { return (GateVerdict.NotEligible, 0); }
            if (_winners.Count(winner => winner.Member == member) >= _campaign.PerMember) { return (GateVerdict.LimitReached, 0); }
            if (_winners.Count >= Limit) { return (_winners.All(winner => winner.Marked) ? GateVerdict.SoldOut : GateVerdict.NotYetKnown, 0); }
            return _heldBackSince is not null ? (GateVerdict.NotYetKnown, 0) : (GateVerdict.Won, _winners.Count + 1);
        }

        private async Task MarkAsync(int index)
        {
            if (_winners.Count == 0) { return; }
            var at = index % _winners.Count;
            var winner = _winners[at];
            Assert.True(Assert.Single((await gate.MarkAsync(1, [(_members[winner.Member], winner.Sequence)])).Marked));
            _winners[at] = winner with { Marked = true };
        }

        private async Task ConfigureAsync(Campaign changed, long released)
        {
            changed = changed with { Version = _campaign.Version + 1 };
            var (_, below, _) = await gate.ConfigureAsync(changed, released, refuseBelow: true);
            Assert.Equal(changed.Quota + released < _winners.Count, below);
            if (below) { return; }
            if (changed.Quota + released > Limit && _winners.Count >= Limit) { _heldBackSince = Stopwatch.GetTimestamp(); }
            (_campaign, _released) = (changed, released);
        }
    }
}
