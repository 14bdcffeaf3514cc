using System.Diagnostics;
using FirstCome.Rehearsal.Api;

namespace FirstCome.Rehearsal.Crowd;

/// <summary>What one member was told: every final answer in the order in which they came (claims and refusals; 503, 429 and silence are asked again).</summary>
internal sealed class MemberStory(SyntheticMember member)
{
    private readonly List<ClaimAnswer> _told = [];
    private readonly List<ClaimAnswer> _withheld = [];

    public SyntheticMember Member { get; } = member;

    public IReadOnlyList<ClaimAnswer> Told => _told;

    /// <summary>The answers that were none, in the order in which they came: 503, 429, or nothing at all (status 0).</summary>
    public IReadOnlyList<ClaimAnswer> Withheld => _withheld;

    /// <summary>Gave up without a final answer.</summary>
    public bool GaveUp { get; private set; }

    public void Add(ClaimAnswer answer) { lock (_told) { _told.Add(answer); } }

    public void Withhold(ClaimAnswer answer) { lock (_told) { _withheld.Add(answer); } }

    public void GiveUp() { lock (_told) { GaveUp = true; } }
}

/// <summary>Plays the crowd: every member asks at the opening; some twice at once, some again after the answer, all again while they are told 503.</summary>
internal sealed class CrowdPlay(GatewayClient gateway, Guid campaign, RehearsalPlan options, Action<int> progress)
{
    private static readonly TimeSpan s_retryMax = TimeSpan.FromSeconds(2);
    private int _next = -1;
    private int _done;

    public async Task<IReadOnlyList<MemberStory>> RunAsync(IReadOnlyList<SyntheticMember> members, CancellationToken cancellationToken)
    {
        var stories = members.Select(member => new MemberStory(member)).ToArray();
        var repeated = (int)Math.Round(members.Count * options.Repeats);
        // Spread over the whole crowd, so that early and late members repeat alike; every other one repeats at once.
        var every = repeated == 0 ? int.MaxValue : Math.Max(1, members.Count / repeated);
        await Task.WhenAll(Enumerable.Range(0, Math.Min(options.Concurrency, members.Count)).Select(_ => AskAsync(stories, every, cancellationToken)));
        return stories;
    }

    private async Task AskAsync(MemberStory[] stories, int every, CancellationToken cancellationToken)
    {
        for (int index; (index = Interlocked.Increment(ref _next)) < stories.Length;)
        {
            var story = stories[index];
            var repeats = index % every == 0 && every != int.MaxValue;
            var atOnce = repeats && index / every % 2 == 0;
            if (atOnce) { await Task.WhenAll(UntilToldAsync(story, cancellationToken), UntilToldAsync(story, cancellationToken)); }
            else
            {
                await UntilToldAsync(story, cancellationToken);
                if (repeats) { await UntilToldAsync(story, cancellationToken); }
            }
            var done = Interlocked.Increment(ref _done);
            if (done % 100 == 0 || done == stories.Length) { progress(done); }
        }
    }

    private async Task UntilToldAsync(MemberStory story, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await gateway.ClaimAsync(campaign, story.Member, cancellationToken);
            if (!answer.AskAgain) { story.Add(answer); return; }
            story.Withhold(answer);
            if (Stopwatch.GetElapsedTime(started) > options.Patience) { story.GiveUp(); return; }
            var wait = answer.Wait < s_retryMax ? answer.Wait : s_retryMax;
            await Task.Delay(wait * (0.5 + Random.Shared.NextDouble()), cancellationToken);
        }
    }
}
