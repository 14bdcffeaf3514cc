using System.Text.Json;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Peers;
using FirstCome.Eureka.Wire;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace FirstCome.DiscoveryServer.Registration;

/// <summary><c>POST /apps/{app}</c>: 204 without a body, which the Java client insists on.</summary>
internal sealed class RegisterInstance(
    LeaseRegistry registry, PeerReplication replication, TimeProvider time, IOptions<DiscoveryOptions> options, DiscoveryMetrics metrics,
    ILogger<RegisterInstance> logger)
{
    public async Task Handle(HttpContext context)
    {
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var contentType))
        {
            await EurekaResponse.Status(context, StatusCodes.Status400BadRequest);
            return;
        }

        var isXml = contentType.MediaType.Equals(AnswerForm.Xml, StringComparison.OrdinalIgnoreCase);
        if (!isXml && !contentType.MediaType.Equals(AnswerForm.Json, StringComparison.OrdinalIgnoreCase))
        {
            await EurekaResponse.Status(context, StatusCodes.Status415UnsupportedMediaType);
            return;
        }

        InstanceInfo instance;
        try
        {
            var body = await EurekaRequest.ReadBodyAsync(context);
            instance = isXml ? EurekaXmlReader.Instance(body) : EurekaJsonReader.Instance(body);
        }
        catch (JsonException)
        {
            await EurekaResponse.CannotParse(context);
            return;
        }
        catch (BadHttpRequestException refused)
        {
            await EurekaResponse.Status(context, refused.StatusCode);
            return;
        }

        await Register(context, instance);
    }

    private Task Register(HttpContext context, InstanceInfo instance)
    {
        // The original cannot parse a registration without an application, while an empty one is only missing its name.
        if (instance.App is null) return EurekaResponse.CannotParse(context);
        instance = instance with { App = instance.App.ToUpperInvariant() };
        if (Complaint(instance, EurekaRequest.App(context)) is { } complaint) return EurekaResponse.Refusal(context, complaint);

        var replicated = EurekaRequest.IsReplicated(context);
        var outcome = registry.Register(instance, time.GetUtcNow().ToUnixTimeMilliseconds(), replicated);
        if (outcome == RegisterOutcome.Full)
        {
            DiscoveryLog.Full(logger, options.Value.MaxInstances);
            context.Response.Headers.RetryAfter = "30";
            return EurekaResponse.Status(context, StatusCodes.Status503ServiceUnavailable);
        }

        metrics.Registered();
        if (!replicated) replication.Registered((instance.App, RegistrationLimits.IdOf(instance)));
        DiscoveryLog.Registered(logger, instance.App, RegistrationLimits.IdOf(instance), WireNames.Of(instance.Status));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Why an instance is not taken, in the original's words where it has any; null where it is.</summary>
    public static string? Complaint(InstanceInfo instance, string expectedApp) => Missing(instance, expectedApp) ?? RegistrationLimits.Complaint(instance);

    private static string? Missing(InstanceInfo instance, string expectedApp)
    {
        if (string.IsNullOrWhiteSpace(instance.HostName)) return "Missing hostname";
        if (string.IsNullOrWhiteSpace(instance.IpAddress)) return "Missing ip address";
        if (string.IsNullOrWhiteSpace(instance.App)) return "Missing appName";
        if (instance.App != expectedApp) return $"Mismatched appName, expecting {expectedApp} but was {instance.App}";
        if (instance.DataCenter is null) return "Missing dataCenterInfo";
        return string.IsNullOrEmpty(instance.DataCenter.Name) ? "Missing dataCenterInfo Name" : null;
    }
}
