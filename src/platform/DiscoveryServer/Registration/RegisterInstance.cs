using System.Text.Json;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.Eureka.Wire;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace FirstCome.DiscoveryServer.Registration;

/// <summary><c>POST /apps/{app}</c>: 204 without a body, which the Java client insists on.</summary>
internal sealed class RegisterInstance(
    LeaseRegistry registry, TimeProvider time, IOptions<DiscoveryOptions> options, DiscoveryMetrics metrics, ILogger<RegisterInstance> logger)
{
    public async Task Handle(HttpContext context)
    {
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var contentType))
        {
            await EurekaResponse.Status(context, StatusCodes.Status400BadRequest);
            return;
        }

        if (!contentType.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            await EurekaResponse.Status(context, StatusCodes.Status415UnsupportedMediaType);
            return;
        }

        InstanceInfo instance;
        try
        {
            instance = EurekaJsonReader.Instance(await ReadBodyAsync(context));
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
        if ((Missing(instance, EurekaRequest.App(context)) ?? RegistrationLimits.Complaint(instance)) is { } complaint)
            return EurekaResponse.Refusal(context, complaint);

        var outcome = registry.Register(instance, time.GetUtcNow().ToUnixTimeMilliseconds(), EurekaRequest.IsReplicated(context));
        if (outcome == RegisterOutcome.Full)
        {
            DiscoveryLog.Full(logger, options.Value.MaxInstances);
            context.Response.Headers.RetryAfter = "30";
            return EurekaResponse.Status(context, StatusCodes.Status503ServiceUnavailable);
        }

        metrics.Registered();
        DiscoveryLog.Registered(logger, instance.App, RegistrationLimits.IdOf(instance), WireNames.Of(instance.Status));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static string? Missing(InstanceInfo instance, string expectedApp)
    {
        if (string.IsNullOrWhiteSpace(instance.HostName)) return "Missing hostname";
        if (string.IsNullOrWhiteSpace(instance.IpAddress)) return "Missing ip address";
        if (string.IsNullOrWhiteSpace(instance.App)) return "Missing appName";
        if (instance.App != expectedApp) return $"Mismatched appName, expecting {expectedApp} but was {instance.App}";
        if (instance.DataCenter is null) return "Missing dataCenterInfo";
        return string.IsNullOrEmpty(instance.DataCenter.Name) ? "Missing dataCenterInfo Name" : null;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context)
    {
        var body = new MemoryStream(capacity: (int)Math.Clamp(context.Request.ContentLength ?? 2048, 0, ServiceHosting.BodyBytesMax));
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
