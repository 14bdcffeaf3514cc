using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FirstCome.Eureka.Wire;

/// <summary>
/// Writes the contract's JSON, written by hand because clients depend on which numbers are strings: <c>@enabled</c>, <c>versions__delta</c>
/// and two timestamps are, ports, <c>countryId</c> and the lease are not. Order and left-out nulls are those of the Java server.
/// </summary>
public static class EurekaJsonWriter
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>{"applications":…}</c>: instances are grouped by application, in order of first appearance.</summary>
    /// <param name="applications">What is written.</param>
    /// <param name="compact">Leaves out what a caller of an instance can do without, and puts the two fields of the registry last.</param>
    public static byte[] Applications(Applications applications, bool compact = false) => Document(writer =>
    {
        writer.WriteStartObject("applications");
        if (!compact) Versions(writer, applications);
        writer.WriteStartArray("application");
        foreach (var application in applications.Instances.GroupBy(instance => instance.App, StringComparer.Ordinal))
        {
            writer.WriteStartObject();
            ApplicationBody(writer, application.Key, application, compact);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (compact) Versions(writer, applications);
        writer.WriteEndObject();
    });

    /// <summary><c>{"application":{"name":…,"instance":[…]}}</c>.</summary>
    public static byte[] Application(string name, IEnumerable<InstanceInfo> instances, bool compact = false) => Document(writer =>
    {
        writer.WriteStartObject("application");
        ApplicationBody(writer, name, instances, compact);
        writer.WriteEndObject();
    });

    /// <summary><c>{"instance":{…}}</c>, the body of a registration and of a look-up alike.</summary>
    public static byte[] Instance(InstanceInfo instance) => Document(writer =>
    {
        writer.WritePropertyName("instance");
        Instance(writer, instance);
    });

    /// <summary>A document of the contract that holds what <paramref name="body"/> writes into its root.</summary>
    public static byte[] Document(Action<Utf8JsonWriter> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            writer.WriteStartObject();
            body(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Versions(Utf8JsonWriter writer, Applications applications)
    {
        writer.WriteString("versions__delta", applications.Version);
        writer.WriteString("apps__hashcode", applications.HashCode);
    }

    private static void ApplicationBody(Utf8JsonWriter writer, string? name, IEnumerable<InstanceInfo> instances, bool compact)
    {
        writer.WriteString("name", name);
        writer.WriteStartArray("instance");
        foreach (var instance in instances)
        {
            if (compact) CompactInstance(writer, instance);
            else Instance(writer, instance);
        }

        writer.WriteEndArray();
    }

    private static void CompactInstance(Utf8JsonWriter writer, InstanceInfo instance)
    {
        writer.WriteStartObject();
        Text(writer, "instanceId", instance.InstanceId);
        Text(writer, "app", instance.App);
        Text(writer, "ipAddr", instance.IpAddress);
        Text(writer, "vipAddress", instance.VipAddress);
        Text(writer, "secureVipAddress", instance.SecureVipAddress);
        DataCenter(writer, instance.DataCenter);
        Text(writer, "hostName", instance.HostName);
        writer.WriteString("status", WireNames.Of(instance.Status));
        if (instance.LastUpdatedTimestamp is { } updated) writer.WriteNumber("lastUpdatedTimestamp", updated);
        if (instance.Action is { } action) writer.WriteString("actionType", WireNames.Of(action));
        Text(writer, "asgName", instance.AsgName);
        Port(writer, "port", instance.Port);
        Port(writer, "securePort", instance.SecurePort);
        writer.WriteEndObject();
    }

    /// <summary>The value alone, without a name.</summary>
    public static void Instance(Utf8JsonWriter writer, InstanceInfo instance)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(instance);
        writer.WriteStartObject();
        Text(writer, "instanceId", instance.InstanceId);
        Text(writer, "hostName", instance.HostName);
        Text(writer, "app", instance.App);
        Text(writer, "ipAddr", instance.IpAddress);
        writer.WriteString("status", WireNames.Of(instance.Status));
        writer.WriteString("overriddenStatus", WireNames.Of(instance.OverriddenStatus));
        Port(writer, "port", instance.Port);
        Port(writer, "securePort", instance.SecurePort);
        writer.WriteNumber("countryId", instance.CountryId);
        DataCenter(writer, instance.DataCenter);
        Lease(writer, instance.Lease);
        Metadata(writer, instance.Metadata);
        Text(writer, "appGroupName", instance.AppGroupName);
        Text(writer, "homePageUrl", instance.HomePageUrl);
        Text(writer, "statusPageUrl", instance.StatusPageUrl);
        Text(writer, "healthCheckUrl", instance.HealthCheckUrl);
        Text(writer, "secureHealthCheckUrl", instance.SecureHealthCheckUrl);
        Text(writer, "vipAddress", instance.VipAddress);
        Text(writer, "secureVipAddress", instance.SecureVipAddress);
        writer.WriteString("isCoordinatingDiscoveryServer", instance.IsCoordinatingDiscoveryServer ? "true" : "false");
        Timestamp(writer, "lastUpdatedTimestamp", instance.LastUpdatedTimestamp);
        Timestamp(writer, "lastDirtyTimestamp", instance.LastDirtyTimestamp);
        if (instance.Action is { } action) writer.WriteString("actionType", WireNames.Of(action));
        Text(writer, "asgName", instance.AsgName);
        writer.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null) writer.WriteString(name, value);
    }

    private static void Timestamp(Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } milliseconds) writer.WriteString(name, milliseconds.ToString(CultureInfo.InvariantCulture));
    }

    private static void Port(Utf8JsonWriter writer, string name, InstancePort port)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("$", port.Number);
        writer.WriteString("@enabled", port.Enabled ? "true" : "false");
        writer.WriteEndObject();
    }

    private static void DataCenter(Utf8JsonWriter writer, DataCenterInfo? dataCenter)
    {
        if (dataCenter is null) return;
        writer.WriteStartObject("dataCenterInfo");
        writer.WriteString("@class", dataCenter.ClassName);
        Text(writer, "name", dataCenter.Name);
        if (dataCenter.Metadata is { } metadata) Metadata(writer, metadata);
        writer.WriteEndObject();
    }

    private static void Lease(Utf8JsonWriter writer, LeaseInfo? lease)
    {
        if (lease is null) return;
        writer.WriteStartObject("leaseInfo");
        writer.WriteNumber("renewalIntervalInSecs", lease.RenewalIntervalInSeconds);
        writer.WriteNumber("durationInSecs", lease.DurationInSeconds);
        writer.WriteNumber("registrationTimestamp", lease.RegistrationTimestamp);
        writer.WriteNumber("lastRenewalTimestamp", lease.LastRenewalTimestamp);
        writer.WriteNumber("evictionTimestamp", lease.EvictionTimestamp);
        writer.WriteNumber("serviceUpTimestamp", lease.ServiceUpTimestamp);
        writer.WriteEndObject();
    }

    private static void Metadata(Utf8JsonWriter writer, ImmutableSortedDictionary<string, string> metadata)
    {
        writer.WriteStartObject("metadata");
        // Java clients read an empty map only with its class.
        if (metadata.Count == 0) writer.WriteString("@class", "java.util.Collections$EmptyMap");
        foreach (var (key, value) in metadata) writer.WriteString(key, value);
        writer.WriteEndObject();
    }
}
