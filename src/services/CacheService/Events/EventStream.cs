using System.IO.Pipelines;
using FirstCome.CacheService.Sources;
using FirstCome.Contracts.Campaigns;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Events;

/// <summary>What a stream works with.</summary>
internal sealed class EventStreams(
    Feeds feeds, StreamCount count, IssueServiceSource issueService, IOptions<EventOptions> options, CacheMetrics metrics, TimeProvider time, IHostApplicationLifetime lifetime)
{
    // IssueService cannot tell a member's claims at the moment: asked again after this, spread over as long again.
    private static readonly TimeSpan s_claimsRetry = TimeSpan.FromSeconds(2);

    public EventOptions Options => options.Value;

    public StreamCount Count => count;

    /// <summary>Writes the stream until the reader goes, the token ends, the reader is too slow, or the service stops.</summary>
    public async Task WriteAsync(HttpContext context, Campaign campaign, Guid? member, DateTimeOffset? expiresAt)
    {
        var watcher = new Watcher(campaign.Id, member, expiresAt, time.GetUtcNow(), Options.HeartbeatEvery);
        Prepare(context.Response);
        using var stopping = lifetime.ApplicationStopping.Register(() => watcher.End("stopping"));
        try
        {
            feeds.Join(watcher, campaign);
            await WriteAsync(context, watcher);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // Nobody is there to be told; the meter tells why.
            watcher.End("reader-gone");
        }
        finally
        {
            watcher.End("reader-gone");
            feeds.Leave(watcher);
            metrics.StreamEnded(watcher.Ended!);
        }
    }

    private static void Prepare(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "Authorization";
        // nginx, and proxies that have learnt it from it, would gather the events otherwise.
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
    }

    private async Task WriteAsync(HttpContext context, Watcher watcher)
    {
        var frames = new List<(string Kind, EventFrame Frame)> { ("retry", EventFrame.Retry(Options.Retry * (1 + Random.Shared.NextDouble()))) };
        var lookUp = Task.CompletedTask;
        var slow = new WriteLimit(context, watcher, Options.WriteTimeout, time);
        try
        {
            await slow.WriteAsync(frames);
            while (await watcher.WaitAsync(context.RequestAborted))
            {
                var now = time.GetUtcNow();
                if (watcher.IsClaimsLookUpDue(now) && lookUp.IsCompleted) { lookUp = LookUpClaimsAsync(watcher, context.RequestAborted); }
                frames.Clear();
                watcher.Pending.Take(now, frames);
                if (frames.Count == 0 && watcher.IsHeartbeatDue(now)) { frames.Add(("heartbeat", EventFrame.Heartbeat)); }
                if (frames.Count == 0) { continue; }
                await slow.WriteAsync(frames);
                watcher.LastWrittenAt = time.GetUtcNow();
                foreach (var (kind, _) in frames) { metrics.EventWritten(kind); }
            }
        }
        finally
        {
            slow.Dispose();
            await lookUp.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Beside the stream, so that state and counts need not wait for it.
    private async Task LookUpClaimsAsync(Watcher watcher, CancellationToken cancellationToken)
    {
        watcher.LookUpClaimsAt(null);
        var answer = await issueService.ClaimsAsync(watcher.Campaign, watcher.Member!.Value, cancellationToken);
        switch (answer.Outcome)
        {
            case SourceOutcome.Found:
                var news = false;
                foreach (var claim in answer.Value!.Items) { news |= watcher.Pending.OfferClaim(claim); }
                if (news) { watcher.Wake(); }
                break;
            case SourceOutcome.Away:
                watcher.LookUpClaimsAt(time.GetUtcNow() + (s_claimsRetry * (1 + Random.Shared.NextDouble())));
                break;
            default:
                // No such campaign, or no gate yet: no claims either.
                break;
        }
    }

    /// <summary>Writes to one reader and ends its connection when it does not take what it is sent in time.</summary>
    private sealed class WriteLimit(HttpContext context, Watcher watcher, TimeSpan limit, TimeProvider time) : IDisposable
    {
        private CancellationTokenSource _clock = new(Timeout.InfiniteTimeSpan, time);

        public async Task WriteAsync(List<(string Kind, EventFrame Frame)> frames)
        {
            if (!_clock.TryReset())
            {
                _clock.Dispose();
                _clock = new(Timeout.InfiniteTimeSpan, time);
            }
            var writer = context.Response.BodyWriter;
            foreach (var (_, frame) in frames) { Copy(frame.Bytes.Span, writer); }
            _clock.CancelAfter(limit);
            try
            {
                await writer.FlushAsync(_clock.Token);
            }
            catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
            {
                watcher.End("reader-slow");
                context.Abort();
                throw;
            }
            _clock.CancelAfter(Timeout.InfiniteTimeSpan);
        }

        public void Dispose() => _clock.Dispose();

        private static void Copy(ReadOnlySpan<byte> bytes, PipeWriter writer)
        {
            bytes.CopyTo(writer.GetSpan(bytes.Length));
            writer.Advance(bytes.Length);
        }
    }
}
