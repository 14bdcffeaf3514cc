using System.Text.Json;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Registration;
using Microsoft.Net.Http.Headers;

namespace FirstCome.DiscoveryServer.Peers;

/// <summary><c>POST /peerreplication/batch/</c>: what a peer was told. It is never passed on, whatever headers it carries.</summary>
internal sealed class ReceiveReplication(LeaseRegistry registry, TimeProvider time, DiscoveryMetrics metrics)
{
    public async Task Handle(HttpContext context)
    {
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var contentType) || contentType.MediaType != AnswerForm.Json)
        {
            await EurekaResponse.Status(context, StatusCodes.Status415UnsupportedMediaType);
            return;
        }

        try
        {
            var items = ReplicationBody.ReadItems(await EurekaRequest.ReadBodyAsync(context));
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            await EurekaResponse.Bytes(context, ReplicationBody.Write(items.Select(item => Apply(item, now))), AnswerForm.Json);
        }
        catch (JsonException)
        {
            await EurekaResponse.CannotParse(context);
        }
        catch (BadHttpRequestException refused)
        {
            await EurekaResponse.Status(context, refused.StatusCode);
        }
    }

    private ReplicationResult Apply(ReplicationItem item, long now)
    {
        var key = (item.App, item.Id);
        switch (item.Action)
        {
            case ReplicationAction.Register: return Register(item, now);
            case ReplicationAction.Heartbeat: return Renew(item, now);
            // A peer that was cut off may tell late of an instance that has registered here since.
            case ReplicationAction.Cancel: return Found(registry.Cancel(key, now, notChangedAfter: item.LastDirtyTimestamp) is not null);
            case ReplicationAction.StatusUpdate: return Found(registry.OverrideStatus(key, item.Status, item.LastDirtyTimestamp, now));
            default: return Found(registry.RemoveOverride(key, item.Status, item.LastDirtyTimestamp, now));
        }
    }

    private ReplicationResult Register(ReplicationItem item, long now)
    {
        // Both answers are the original's: it fails where there is no instance, and tells nobody of one that it refuses.
        if (item.Instance is null) return new(StatusCodes.Status500InternalServerError);
        var instance = item.Instance with { App = item.Instance.App?.ToUpperInvariant() };
        if (RegisterInstance.Complaint(instance, item.App) is not null) return new(StatusCodes.Status200OK);
        if (registry.Register(instance, now, replicated: true) == RegisterOutcome.Full) return new(StatusCodes.Status503ServiceUnavailable);
        metrics.Registered();
        return new(StatusCodes.Status200OK);
    }

    private ReplicationResult Renew(ReplicationItem item, long now)
    {
        var (outcome, newer) = registry.Renew((item.App, item.Id), item.LastDirtyTimestamp, now, replicated: true);
        if (outcome == RenewOutcome.RegistrationIsNewer) return new(StatusCodes.Status409Conflict, newer);
        if (outcome == RenewOutcome.Renewed) metrics.Renewed();
        return Found(outcome == RenewOutcome.Renewed);
    }

    private static ReplicationResult Found(bool found) => new(found ? StatusCodes.Status200OK : StatusCodes.Status404NotFound);
}
