using FirstCome.ServiceDefaults;

namespace FirstCome.UserService.Tokens;

/// <summary>Section <c>Keys</c>: the keys that sign access tokens.</summary>
public sealed class KeyOptions : ICheckedOptions
{
    /// <summary>
    /// Where the private keys are, one PEM file each, readable by the owner only. Several instances share it. Made when it is missing. No default.
    /// </summary>
    public string Folder { get; set; } = "";

    /// <summary>How long a new key is published before it signs, 1 minute to 1 hour; verifiers renew their keys every minute. Default 2 minutes.</summary>
    public TimeSpan PublishAhead { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>After how long a key is replaced without being asked, 1 day to 1,000 days. Default 30 days.</summary>
    public TimeSpan RotateAfter { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How often the folder is read again for keys that other instances made, 1 s to half of <see cref="PublishAhead"/>. Default 10 s.</summary>
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(10);

    public IEnumerable<string> Check()
    {
        if (string.IsNullOrWhiteSpace(Folder))
        {
            yield return "Keys:Folder must be the folder of the signing keys, such as /var/lib/firstcome/keys, but is empty.";
        }
        if (PublishAhead < TimeSpan.FromMinutes(1) || PublishAhead > TimeSpan.FromHours(1))
        {
            yield return $"Keys:PublishAhead must be between 00:01:00 and 01:00:00, but is {PublishAhead}.";
        }
        if (RotateAfter < TimeSpan.FromDays(1) || RotateAfter > TimeSpan.FromDays(1_000))
        {
            yield return $"Keys:RotateAfter must be between 1.00:00:00 and 1000.00:00:00, but is {RotateAfter}.";
        }
        if (ReloadInterval < TimeSpan.FromSeconds(1) || ReloadInterval > PublishAhead / 2)
        {
            yield return $"Keys:ReloadInterval must be between 00:00:01 and half of Keys:PublishAhead, but is {ReloadInterval}.";
        }
    }
}
