using FirstCome.Eureka.Wire;
using Microsoft.Extensions.Options;

namespace FirstCome.Eureka;

/// <summary>How this process registers itself and looks up others. Section <c>Eureka</c>. Read once at start.</summary>
public sealed class EurekaClientOptions
{
    public const string Section = "Eureka";

    /// <summary>Base addresses such as <c>http://127.0.0.1:8081/eureka</c>; the first that answers is used, and kept while it answers. 1 to 16.</summary>
    public IList<string> ServerUrls { get; init; } = [];

    /// <summary>Whether this process registers itself. Default true.</summary>
    public bool Register { get; set; } = true;

    /// <summary>Whether this process fetches the registry. Default true.</summary>
    public bool Fetch { get; set; } = true;

    /// <summary>The service's id in lower kebab case, such as <c>coupon-service</c>: what peers look up. Needed to register.</summary>
    public string App { get; set; } = "";

    /// <summary>Unique within the application. Default <c>host:app:port</c>.</summary>
    public string? InstanceId { get; set; }

    /// <summary>Default: <see cref="IpAddress"/>.</summary>
    public string? HostName { get; set; }

    /// <summary>The address that peers call. Default: what the server is bound to or, bound to any address, the machine's first that is not loopback.</summary>
    public string? IpAddress { get; set; }

    /// <summary>1 to 65535. Default: the port the server is bound to, known once it has started; until then nothing is registered.</summary>
    public int? Port { get; set; }

    /// <summary>Published with the instance. At most 64 entries of 128 and 1,024 characters.</summary>
    public IDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Between two heartbeats, shortened by up to a tenth at random. 1 s to 5 min, default 30 s.</summary>
    public TimeSpan RenewalInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// After which the registry may drop an instance that sends no heartbeats. 1 s longer than <see cref="RenewalInterval"/> or more,
    /// at most 1 h, default 90 s.
    /// </summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>Between two fetches, shortened by up to a tenth at random. 100 ms to 2 min, default 30 s.</summary>
    public TimeSpan FetchInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>For one call to one server. 100 ms to 1 min, default 5 s.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an instance is avoided after <see cref="EurekaRegistry.ReportFailure"/>. 0 to 5 min, default 5 s.</summary>
    public TimeSpan QuarantineDuration { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Keeps the last registry for a start without a server. Default: none is kept.</summary>
    public string? CacheFile { get; set; }

    /// <summary>
    /// Asked before each heartbeat once the process has started; what differs from the last answer is registered at once. Default: always UP.
    /// </summary>
    public Func<InstanceStatus>? Status { get; set; }
}

internal sealed class ValidateEurekaClientOptions : IValidateOptions<EurekaClientOptions>
{
    public ValidateOptionsResult Validate(string? name, EurekaClientOptions options)
    {
        var errors = new List<string>();
        if (options.ServerUrls.Count is 0 or > 16) errors.Add("Eureka:ServerUrls must name 1 to 16 servers, such as http://127.0.0.1:8081/eureka.");
        errors.AddRange(options.ServerUrls.Select(InvalidUrl).OfType<string>());
        if (options.Register) Registration(options, errors);
        Between(options.RenewalInterval, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), nameof(options.RenewalInterval));
        Between(options.LeaseDuration, options.RenewalInterval + TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), nameof(options.LeaseDuration));
        Between(options.FetchInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(2), nameof(options.FetchInterval));
        Between(options.CallTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1), nameof(options.CallTimeout));
        Between(options.QuarantineDuration, TimeSpan.Zero, TimeSpan.FromMinutes(5), nameof(options.QuarantineDuration));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Between(TimeSpan value, TimeSpan least, TimeSpan greatest, string key)
        {
            if (value < least || value > greatest) errors.Add($"Eureka:{key} is {value}; it must be from {least} to {greatest}.");
        }
    }

    private static string? InvalidUrl(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri is { UserInfo: "", Query: "", Fragment: "" }
            ? null
            : "Eureka:ServerUrls must hold http or https addresses without credentials, query or fragment, such as http://127.0.0.1:8081/eureka.";

    private static void Registration(EurekaClientOptions options, List<string> errors)
    {
        if (options.App is not { Length: > 0 and <= 63 } || !options.App.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            errors.Add("Eureka:App must be the service's id of 1 to 63 letters, digits and hyphens, such as coupon-service.");
        if (options.Port is < 1 or > 65535) errors.Add($"Eureka:Port is {options.Port}; it must be from 1 to 65535, or left out to take the server's.");
        if (options.Metadata.Count > 64 || options.Metadata.Any(entry => entry.Key.Length is 0 or > 128 || entry.Value.Length > 1024))
            errors.Add("Eureka:Metadata must have at most 64 entries with keys of 1 to 128 and values of up to 1,024 characters.");
    }
}
