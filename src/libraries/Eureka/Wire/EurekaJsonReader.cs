using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace FirstCome.Eureka.Wire;

/// <summary>
/// Reads the contract's JSON with the leniency of the Java server: numbers and booleans as text or bare, one object where an array is meant,
/// both spellings of what was renamed, nulls and unknown fields passed over. What cannot be read throws <see cref="JsonException"/>.
/// </summary>
public static class EurekaJsonReader
{
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = 16 };

    /// <summary>The body of a registration, <c>{"instance":{…}}</c>.</summary>
    public static InstanceInfo Instance(ReadOnlyMemory<byte> body) => Read(body, root => Instance(Required(root, "instance")));

    /// <summary>The answer to a fetch, <c>{"applications":{…}}</c>. An instance that cannot be read spoils the whole answer.</summary>
    public static Applications Applications(ReadOnlyMemory<byte> body) => Read(body, root =>
    {
        var applications = Required(root, "applications");
        var instances = new List<InstanceInfo>();
        foreach (var application in OneOrMany(applications, "application"))
        {
            var name = Text(application, "name");
            foreach (var element in OneOrMany(application, "instance"))
            {
                var instance = Instance(element);
                instances.Add(instance.App is null ? instance with { App = name } : instance);
            }
        }

        return new Applications(Text(applications, "versions__delta") ?? "", Text(applications, "apps__hashcode") ?? "", instances);
    });

    /// <summary>Whatever <paramref name="read"/> makes of a document of the contract.</summary>
    public static T Read<T>(ReadOnlyMemory<byte> body, Func<JsonElement, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        try
        {
            using var document = JsonDocument.Parse(body, DocumentOptions);
            return read(document.RootElement);
        }
        catch (InvalidOperationException invalidText)
        {
            // Escapes of half a surrogate pair are found only when the text is taken out.
            throw new JsonException("The text is not valid Unicode.", invalidText);
        }
    }

    /// <summary>The value alone, without a name.</summary>
    public static InstanceInfo Instance(JsonElement instance)
    {
        if (instance.ValueKind != JsonValueKind.Object) throw new JsonException("An instance must be an object.");
        var defaults = new InstanceInfo();
        return new InstanceInfo
        {
            InstanceId = Text(instance, "instanceId"),
            HostName = Text(instance, "hostName"),
            App = Text(instance, "app"),
            IpAddress = Text(instance, "ipAddr"),
            // An unknown name is UNKNOWN, an absent status UP.
            Status = Text(instance, "status") is { } status ? WireNames.Status(status) ?? InstanceStatus.Unknown : defaults.Status,
            OverriddenStatus = WireNames.Status(Text(instance, "overriddenStatus") ?? Text(instance, "overriddenstatus")) ?? InstanceStatus.Unknown,
            Port = Port(instance, "port", defaults.Port),
            SecurePort = Port(instance, "securePort", defaults.SecurePort),
            CountryId = Number(instance, "countryId") is { } country ? (int)InRange(country, 0, int.MaxValue, "countryId") : 1,
            DataCenter = DataCenter(instance),
            Lease = Lease(instance),
            Metadata = Metadata(instance) ?? InstanceInfo.NoMetadata,
            AppGroupName = Text(instance, "appGroupName"),
            HomePageUrl = Text(instance, "homePageUrl"),
            StatusPageUrl = Text(instance, "statusPageUrl"),
            HealthCheckUrl = Text(instance, "healthCheckUrl"),
            SecureHealthCheckUrl = Text(instance, "secureHealthCheckUrl"),
            VipAddress = Text(instance, "vipAddress"),
            SecureVipAddress = Text(instance, "secureVipAddress"),
            IsCoordinatingDiscoveryServer = Boolean(instance, "isCoordinatingDiscoveryServer") ?? false,
            LastUpdatedTimestamp = Number(instance, "lastUpdatedTimestamp"),
            LastDirtyTimestamp = Number(instance, "lastDirtyTimestamp"),
            Action = WireNames.Action(Text(instance, "actionType")),
            AsgName = Text(instance, "asgName"),
        };
    }

    private static InstancePort Port(JsonElement instance, string name, InstancePort absent)
    {
        if (Property(instance, name) is not { } port) return absent;
        if (port.ValueKind != JsonValueKind.Object) throw new JsonException($"{name} must be an object.");
        var number = Number(port, "$") ?? absent.Number;
        return new((int)InRange(number, 0, 65535, name), Boolean(port, "@enabled") ?? absent.Enabled);
    }

    private static DataCenterInfo? DataCenter(JsonElement instance)
    {
        if (Property(instance, "dataCenterInfo") is not { } dataCenter) return null;
        var className = Text(dataCenter, "@class") ?? throw new JsonException("dataCenterInfo needs @class.");
        var name = Text(dataCenter, "name");
        if (name is not (null or "" or "MyOwn" or "Netflix" or "Amazon")) throw new JsonException("dataCenterInfo has an unknown name.");
        return new(className, name) { Metadata = Metadata(dataCenter) };
    }

    private static LeaseInfo? Lease(JsonElement instance)
    {
        if (Property(instance, "leaseInfo") is not { } lease) return null;
        var defaults = new LeaseInfo();
        return new LeaseInfo
        {
            RenewalIntervalInSeconds = Seconds(lease, "renewalIntervalInSecs", defaults.RenewalIntervalInSeconds),
            DurationInSeconds = Seconds(lease, "durationInSecs", defaults.DurationInSeconds),
            RegistrationTimestamp = Number(lease, "registrationTimestamp") ?? 0,
            LastRenewalTimestamp = Number(lease, "lastRenewalTimestamp") ?? Number(lease, "renewalTimestamp") ?? 0,
            EvictionTimestamp = Number(lease, "evictionTimestamp") ?? 0,
            ServiceUpTimestamp = Number(lease, "serviceUpTimestamp") ?? 0,
        };
    }

    private static int Seconds(JsonElement lease, string name, int absent) =>
        Number(lease, name) is { } seconds and > 0 ? (int)Math.Min(seconds, int.MaxValue) : absent;

    private static ImmutableSortedDictionary<string, string>? Metadata(JsonElement owner)
    {
        if (Property(owner, "metadata") is not { } metadata) return null;
        if (metadata.ValueKind != JsonValueKind.Object) throw new JsonException("metadata must be an object.");
        var entries = InstanceInfo.NoMetadata.ToBuilder();
        foreach (var entry in metadata.EnumerateObject())
        {
            // The class name is how Java marks an empty map; it is no entry.
            if (entry.NameEquals("@class")) continue;
            if (entry.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array) throw new JsonException("metadata values must be text.");
            entries[entry.Name] = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : entry.Value.GetRawText();
        }

        return entries.ToImmutable();
    }

    private static IEnumerable<JsonElement> OneOrMany(JsonElement owner, string name) => Property(owner, name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } array => array.EnumerateArray(),
        { } one => [one],
    };

    private static JsonElement Required(JsonElement root, string name) =>
        Property(root, name) ?? throw new JsonException($"The body must be {{\"{name}\":…}}.");

    private static JsonElement? Property(JsonElement owner, string name)
    {
        if (owner.ValueKind != JsonValueKind.Object) throw new JsonException($"The owner of {name} must be an object.");
        return owner.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private static string? Text(JsonElement owner, string name) => Property(owner, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } bare => bare.GetRawText(),
        _ => throw new JsonException($"{name} must be text."),
    };

    private static long? Number(JsonElement owner, string name)
    {
        if (Text(owner, name) is not { Length: > 0 } text) return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new JsonException($"{name} must be a number.");
    }

    private static bool? Boolean(JsonElement owner, string name) => Text(owner, name) is { } text
        ? text.Equals("true", StringComparison.OrdinalIgnoreCase)
        : null;

    private static long InRange(long value, long least, long greatest, string name) =>
        value >= least && value <= greatest ? value : throw new JsonException($"{name} must be from {least} to {greatest}.");
}
