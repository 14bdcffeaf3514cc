using System.Collections.Immutable;
using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Leases;

/// <summary>How much an instance may say of itself, in characters.</summary>
internal static class RegistrationLimits
{
    public const int LongestName = 255;
    public const int LongestText = 2048;
    public const int MostMetadataEntries = 256;
    public const int LongestMetadata = 16 * 1024;

    /// <summary>The host name stands for an id that is missing.</summary>
    public static string IdOf(InstanceInfo instance) => string.IsNullOrWhiteSpace(instance.InstanceId) ? instance.HostName! : instance.InstanceId;

    public static string MetadataComplaint { get; } =
        $"Metadata must have at most {MostMetadataEntries} entries and {LongestMetadata} characters, no empty key and no control characters"
        + " but line ends and tabs";

    public static bool Allow(ImmutableSortedDictionary<string, string> metadata) =>
        metadata.Count <= MostMetadataEntries
        && metadata.Sum(entry => entry.Key.Length + entry.Value.Length) <= LongestMetadata
        && metadata.Keys.All(key => key.Length > 0 && !key.Any(IsUnprintable))
        && metadata.Values.All(value => !value.Any(c => IsUnprintable(c) && c is not ('\t' or '\r' or '\n')));

    /// <summary>What to change; null where everything is within its limits.</summary>
    public static string? Complaint(InstanceInfo instance)
    {
        string?[] names = [instance.InstanceId, instance.HostName, instance.App, instance.IpAddress, instance.AppGroupName, instance.AsgName];
        if (!names.All(name => IsWithin(name, LongestName))) return $"Names must have at most {LongestName} characters and no control characters";
        string?[] texts =
        [
            instance.VipAddress, instance.SecureVipAddress, instance.HomePageUrl, instance.StatusPageUrl, instance.HealthCheckUrl,
            instance.SecureHealthCheckUrl, instance.DataCenter?.ClassName,
        ];
        if (!texts.All(text => IsWithin(text, LongestText))) return $"Addresses must have at most {LongestText} characters and no control characters";
        return Allow(instance.Metadata) && (instance.DataCenter?.Metadata is not { } dataCenter || Allow(dataCenter))
            ? null
            : MetadataComplaint;
    }

    private static bool IsWithin(string? text, int longest) => text is null || (text.Length <= longest && !text.Any(IsUnprintable));

    // XML has no place for them.
    private static bool IsUnprintable(char c) => char.IsControl(c) || c >= '\uFFFE';
}
