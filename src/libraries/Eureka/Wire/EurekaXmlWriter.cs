using System.Collections.Immutable;
using System.Globalization;

namespace FirstCome.Eureka.Wire;

/// <summary>
/// Writes the contract's XML: names, order and white space are those of the Java server. The compact form has neither indents nor what a caller of
/// an instance can do without.
/// </summary>
public static class EurekaXmlWriter
{
    /// <summary><c>&lt;applications&gt;</c>: instances are grouped by application, in order of first appearance.</summary>
    public static byte[] Applications(Applications applications, bool compact = false)
    {
        var xml = new XmlText(indented: !compact);
        xml.Open("applications");
        if (!compact) Versions(xml, applications);
        foreach (var application in applications.Instances.GroupBy(instance => instance.App, StringComparer.Ordinal))
            Application(xml, application.Key, application, compact);
        if (compact) Versions(xml, applications);
        xml.Close("applications");
        return xml.ToBytes();
    }

    /// <summary><c>&lt;application&gt;</c>.</summary>
    public static byte[] Application(string name, IEnumerable<InstanceInfo> instances, bool compact = false)
    {
        var xml = new XmlText(indented: !compact);
        Application(xml, name, instances, compact);
        return xml.ToBytes();
    }

    /// <summary><c>&lt;instance&gt;</c>.</summary>
    public static byte[] Instance(InstanceInfo instance)
    {
        var xml = new XmlText(indented: true);
        Instance(xml, instance);
        return xml.ToBytes();
    }

    /// <summary>One element that holds texts, on one line.</summary>
    public static byte[] Fields(string name, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var xml = new XmlText(indented: false);
        xml.Open(name);
        foreach (var field in fields) xml.Element(field.Name, field.Value);
        xml.Close(name);
        return xml.ToBytes();
    }

    private static void Versions(XmlText xml, Applications applications)
    {
        xml.Element("versions__delta", applications.Version);
        xml.Element("apps__hashcode", applications.HashCode);
    }

    private static void Application(XmlText xml, string? name, IEnumerable<InstanceInfo> instances, bool compact)
    {
        xml.Open("application");
        Text(xml, "name", name);
        foreach (var instance in instances)
        {
            if (compact) CompactInstance(xml, instance);
            else Instance(xml, instance);
        }

        xml.Close("application");
    }

    private static void Instance(XmlText xml, InstanceInfo instance)
    {
        xml.Open("instance");
        Text(xml, "instanceId", instance.InstanceId);
        Text(xml, "hostName", instance.HostName);
        Text(xml, "app", instance.App);
        Text(xml, "ipAddr", instance.IpAddress);
        xml.Element("status", WireNames.Of(instance.Status));
        xml.Element("overriddenstatus", WireNames.Of(instance.OverriddenStatus));
        Port(xml, "port", instance.Port);
        Port(xml, "securePort", instance.SecurePort);
        Number(xml, "countryId", instance.CountryId);
        DataCenter(xml, instance.DataCenter);
        Lease(xml, instance.Lease);
        Metadata(xml, instance.Metadata);
        Text(xml, "appGroupName", instance.AppGroupName);
        Text(xml, "homePageUrl", instance.HomePageUrl);
        Text(xml, "statusPageUrl", instance.StatusPageUrl);
        Text(xml, "healthCheckUrl", instance.HealthCheckUrl);
        Text(xml, "secureHealthCheckUrl", instance.SecureHealthCheckUrl);
        Text(xml, "vipAddress", instance.VipAddress);
        Text(xml, "secureVipAddress", instance.SecureVipAddress);
        xml.Element("isCoordinatingDiscoveryServer", instance.IsCoordinatingDiscoveryServer ? "true" : "false");
        Number(xml, "lastUpdatedTimestamp", instance.LastUpdatedTimestamp);
        Number(xml, "lastDirtyTimestamp", instance.LastDirtyTimestamp);
        if (instance.Action is { } action) xml.Element("actionType", WireNames.Of(action));
        Text(xml, "asgName", instance.AsgName);
        xml.Close("instance");
    }

    private static void CompactInstance(XmlText xml, InstanceInfo instance)
    {
        xml.Open("instance");
        Text(xml, "instanceId", instance.InstanceId);
        Text(xml, "app", instance.App);
        Text(xml, "ipAddr", instance.IpAddress);
        Text(xml, "vipAddress", instance.VipAddress);
        Text(xml, "secureVipAddress", instance.SecureVipAddress);
        DataCenter(xml, instance.DataCenter);
        Text(xml, "hostName", instance.HostName);
        xml.Element("status", WireNames.Of(instance.Status));
        Number(xml, "lastUpdatedTimestamp", instance.LastUpdatedTimestamp);
        if (instance.Action is { } action) xml.Element("actionType", WireNames.Of(action));
        Text(xml, "asgName", instance.AsgName);
        Port(xml, "port", instance.Port);
        Port(xml, "securePort", instance.SecurePort);
        xml.Close("instance");
    }

    private static void Text(XmlText xml, string name, string? value)
    {
        if (value is not null) xml.Element(name, value);
    }

    private static void Number(XmlText xml, string name, long? value) => Text(xml, name, value?.ToString(CultureInfo.InvariantCulture));

    private static void Port(XmlText xml, string name, InstancePort port) =>
        xml.Element(name, port.Number.ToString(CultureInfo.InvariantCulture), ("enabled", port.Enabled ? "true" : "false"));

    private static void DataCenter(XmlText xml, DataCenterInfo? dataCenter)
    {
        if (dataCenter is null) return;
        xml.Open("dataCenterInfo", ("class", dataCenter.ClassName));
        Text(xml, "name", dataCenter.Name);
        if (dataCenter.Metadata is { } metadata) Metadata(xml, metadata);
        xml.Close("dataCenterInfo");
    }

    private static void Lease(XmlText xml, LeaseInfo? lease)
    {
        if (lease is null) return;
        xml.Open("leaseInfo");
        Number(xml, "renewalIntervalInSecs", lease.RenewalIntervalInSeconds);
        Number(xml, "durationInSecs", lease.DurationInSeconds);
        Number(xml, "registrationTimestamp", lease.RegistrationTimestamp);
        Number(xml, "lastRenewalTimestamp", lease.LastRenewalTimestamp);
        Number(xml, "evictionTimestamp", lease.EvictionTimestamp);
        Number(xml, "serviceUpTimestamp", lease.ServiceUpTimestamp);
        xml.Close("leaseInfo");
    }

    private static void Metadata(XmlText xml, ImmutableSortedDictionary<string, string> metadata)
    {
        if (metadata.Count == 0)
        {
            xml.Empty("metadata", ("class", "java.util.Collections$EmptyMap"));
            return;
        }

        xml.Open("metadata");
        foreach (var (key, value) in metadata) xml.Element(XmlEntryName.Encode(key), value);
        xml.Close("metadata");
    }
}
