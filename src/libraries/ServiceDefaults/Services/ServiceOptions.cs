namespace FirstCome.ServiceDefaults;

/// <summary>Section <c>Service</c>: what every deployable is told.</summary>
public sealed class ServiceOptions : ICheckedOptions
{
    /// <summary>Where the service listens, for instance <c>http://127.0.0.1:8085</c>. No default.</summary>
    public string Url { get; set; } = "";

    /// <summary>What the registry is told, where it differs from <see cref="Url"/> (containers, <c>0.0.0.0</c>). Default: <see cref="Url"/>.</summary>
    public string? AdvertisedUrl { get; set; }

    /// <summary>The secret shared by the services, 32 characters or more; whoever has it may call <c>/internal</c>. No default.</summary>
    public string Key { get; set; } = "";

    /// <summary>How long a stopping service goes on answering what it has begun, 0 to 5 minutes. Default: 10 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stopping service goes on accepting after it has left the registry, so that callers learn of it; 0 to 1 minute. Default: 0.</summary>
    public TimeSpan DeregistrationDelay { get; set; } = TimeSpan.Zero;

    public IEnumerable<string> Check()
    {
        if (!IsHttpUrl(Url)) { yield return $"Service:Url must be an address such as http://127.0.0.1:8085, but is \"{Url}\"."; }
        if (AdvertisedUrl is not null && !IsHttpUrl(AdvertisedUrl)) { yield return $"Service:AdvertisedUrl must be an address such as http://issue-service:8080, but is \"{AdvertisedUrl}\"."; }
        if (Key.Length < 32) { yield return $"Service:Key must be a secret of 32 characters or more, but has {Key.Length}."; }
        if (DrainTimeout < TimeSpan.Zero || DrainTimeout > TimeSpan.FromMinutes(5)) { yield return $"Service:DrainTimeout must be between 00:00:00 and 00:05:00, but is {DrainTimeout}."; }
        if (DeregistrationDelay < TimeSpan.Zero || DeregistrationDelay > TimeSpan.FromMinutes(1)) { yield return $"Service:DeregistrationDelay must be between 00:00:00 and 00:01:00, but is {DeregistrationDelay}."; }
    }

    private static bool IsHttpUrl(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == "http" && uri.AbsolutePath == "/" && uri.Query.Length == 0;
}
