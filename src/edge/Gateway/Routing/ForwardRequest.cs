using System.Net;
using FirstCome.Contracts.Problems;
using FirstCome.Eureka;
using FirstCome.Gateway.Limits;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace FirstCome.Gateway.Routing;

/// <summary>
/// Sends a request to an instance of its service, and its answer back. Where no connection comes about the instance is avoided for a while and another is tried, once; a safe request is tried once more also when its
/// connection broke. Whatever else is wrong upstream is 503 <c>unavailable</c>, which callers may repeat.
/// </summary>
internal sealed class ForwardRequest(
    IHttpForwarder forwarder, UpstreamClient client, Destinations destinations, EurekaRegistry registry, RequestLimits limits, GatewayMeasures measures, IOptions<GatewayOptions> options,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ForwardRequest> logger)
{
    private const string StickyCookie = "fc-instance";
    private static readonly TimeSpan s_leastTime = TimeSpan.FromMilliseconds(50);
    private readonly ForwarderRequestConfig _idle = Config(options.Value.IdleTimeout);
    private readonly ForwarderRequestConfig _claim = Config(options.Value.ClaimTimeout);

    /// <summary>The endpoint of a route.</summary>
    public RequestDelegate For(ServiceRoute route) => route switch
    {
        { Time: RouteTime.Stream } => context => StreamAsync(context, route),
        { SignsIn: true } => context => SignInAsync(context, route),
        { IsSticky: true } => context => SendAsync(context, route, Sticky(context, route), _idle, CancellationToken.None),
        { Time: RouteTime.Claim } => context => SendAsync(context, route, destinations.Choose(route.Service), _claim, CancellationToken.None),
        _ => context => SendAsync(context, route, destinations.Choose(route.Service), _idle, CancellationToken.None),
    };

    private static ForwarderRequestConfig Config(TimeSpan timeout) => new()
    {
        ActivityTimeout = timeout,
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private async Task StreamAsync(HttpContext context, ServiceRoute route)
    {
        // A stream ends when the gateway stops: its reader comes back to another instance, and nobody waits for it to end by itself.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping);
        end.CancelAfter(options.Value.StreamTimeout);
        await SendAsync(context, route, destinations.Choose(route.Service), _idle, end.Token);
    }

    private async Task SignInAsync(HttpContext context, ServiceRoute route)
    {
        await SendAsync(context, route, destinations.Choose(route.Service), _idle, CancellationToken.None);
        if (context.Response.StatusCode == StatusCodes.Status401Unauthorized) { limits.SignInFailed(context); }
    }

    private async Task SendAsync(HttpContext context, ServiceRoute route, Destination? destination, ForwarderRequestConfig config, CancellationToken end)
    {
        if (destination is null)
        {
            measures.Failed(route.Service, "no-instance");
            await UnavailableAsync(context);
            return;
        }
        var began = time.GetTimestamp();
        var error = await TryAsync(context, route, destination, config, end);
        if (error == ForwarderError.None) { return; }
        if (Unsent(context, error) || (Broken(error) && IsSafe(context.Request.Method)))
        {
            if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) { return; }
            var other = destinations.Choose(route.Service, avoid: destination);
            if (other is not null && !ReferenceEquals(other, destination))
            {
                measures.Retried(route.Service);
                context.Features.Set<IForwarderErrorFeature>(null);
                context.Response.StatusCode = StatusCodes.Status200OK;
                destination = other;
                error = await TryAsync(context, route, other, route.Time == RouteTime.Claim ? Left(config, time.GetElapsedTime(began)) : config, end);
                if (error == ForwarderError.None) { return; }
            }
        }
        await FailAsync(context, route, destination, error);
    }

    // Both tries of a claim together take no longer than one may.
    private static ForwarderRequestConfig Left(ForwarderRequestConfig config, TimeSpan taken)
    {
        var left = config.ActivityTimeout!.Value - taken;
        return config with { ActivityTimeout = left > s_leastTime ? left : s_leastTime };
    }

    private async ValueTask<ForwarderError> TryAsync(HttpContext context, ServiceRoute route, Destination destination, ForwarderRequestConfig config, CancellationToken end)
    {
        destination.Begin();
        try
        {
            var error = await forwarder.SendAsync(context, destination.Prefix, client.Invoker, config, route.TellsCaller ? UpstreamRequest.WithCaller : UpstreamRequest.Plain, end);
            // One that does not answer in a claim's time stands still: the service's own limit is shorter.
            if (error != ForwarderError.None && (Unsent(context, error) || (error == ForwarderError.RequestTimedOut && route.Time == RouteTime.Claim))) { registry.ReportFailure(destination.Instance); }
            return error;
        }
        finally { destination.End(); }
    }

    private async Task FailAsync(HttpContext context, ServiceRoute route, Destination destination, ForwarderError error)
    {
        if (context.RequestAborted.IsCancellationRequested || error is ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.ResponseBodyCanceled or ForwarderError.UpgradeRequestCanceled)
        {
            return;
        }
        var exception = context.Features.Get<IForwarderErrorFeature>()?.Exception;
        if (exception is BadHttpRequestException || exception?.InnerException is BadHttpRequestException)
        {
            var status = (exception as BadHttpRequestException ?? (BadHttpRequestException)exception.InnerException!).StatusCode;
            await Problems.WriteAsync(context, status == StatusCodes.Status413PayloadTooLarge ? ProblemTypes.PayloadTooLarge : status == StatusCodes.Status408RequestTimeout ? ProblemTypes.RequestTimeout : ProblemTypes.InvalidRequest);
            return;
        }
        measures.Failed(route.Service, error.ToString());
        if (destination.IsFailureLogged(time, out var unlogged))
        {
            var reason = exception?.GetBaseException().Message ?? "";
            GatewayLog.UpstreamFailed(logger, route.Service, destination.Instance.InstanceId, route.Pattern, error, reason, unlogged);
        }
        await UnavailableAsync(context);
    }

    private static Task UnavailableAsync(HttpContext context) => Problems.WriteAsync(context, ProblemTypes.Unavailable);

    // Nothing of the request has left: no connection came about. One that takes too long ends as a cancelled task around a TimeoutException; a request that was sent and not answered in time has none.
    private static bool Unsent(HttpContext context, ForwarderError error) =>
        error is ForwarderError.Request or ForwarderError.RequestTimedOut
        && context.Features.Get<IForwarderErrorFeature>()?.Exception is
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } or OperationCanceledException { InnerException: TimeoutException };

    private static bool Broken(ForwarderError error) => error == ForwarderError.Request;

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    private Destination? Sticky(HttpContext context, ServiceRoute route)
    {
        var wanted = context.Request.Cookies[StickyCookie];
        var destination = destinations.FindByTag(route.Service, wanted);
        if (destination is not null && destination.Tag != wanted && destinations.Count(route.Service) > 1)
        {
            context.Response.Cookies.Append(StickyCookie, destination.Tag, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = context.Request.IsHttps, Path = "/" });
        }
        return destination;
    }
}
