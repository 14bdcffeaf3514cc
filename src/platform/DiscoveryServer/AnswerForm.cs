using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer;

/// <summary>How an answer is written.</summary>
/// <param name="IsXml">As XML; else as JSON.</param>
/// <param name="IsCompact">Without what a caller of an instance can do without: <c>X-Eureka-Accept: compact</c>.</param>
internal readonly record struct AnswerForm(bool IsXml, bool IsCompact)
{
    public const string Json = "application/json";
    public const string Xml = "application/xml";

    /// <summary>How many forms there are; each has an <see cref="Index"/> below.</summary>
    public const int Count = 4;

    public int Index => (IsXml ? 2 : 0) + (IsCompact ? 1 : 0);

    public string ContentType => IsXml ? Xml : Json;

    public byte[] Applications(Applications applications) =>
        IsXml ? EurekaXmlWriter.Applications(applications, IsCompact) : EurekaJsonWriter.Applications(applications, IsCompact);

    public byte[] Application(string name, IEnumerable<InstanceInfo> instances) =>
        IsXml ? EurekaXmlWriter.Application(name, instances, IsCompact) : EurekaJsonWriter.Application(name, instances, IsCompact);

    /// <summary>One instance, which is never compact.</summary>
    public byte[] Instance(InstanceInfo instance) => IsXml ? EurekaXmlWriter.Instance(instance) : EurekaJsonWriter.Instance(instance);

    /// <summary>
    /// What the caller takes: JSON where Accept names it, else XML where it allows that, as its absence and <c>*/*</c> do; null where neither.
    /// </summary>
    public static AnswerForm? Of(HttpRequest request)
    {
        var isCompact = string.Equals(request.Headers["X-Eureka-Accept"], "compact", StringComparison.OrdinalIgnoreCase);
        string? accept = request.Headers.Accept;
        if (string.IsNullOrWhiteSpace(accept)) return new(true, isCompact);
        var takesXml = false;
        foreach (var range in accept.AsSpan().Split(','))
        {
            var type = TypeOf(accept.AsSpan(range));
            if (type.Equals(Json, StringComparison.OrdinalIgnoreCase)) return new(false, isCompact);
            takesXml |= type.Equals(Xml, StringComparison.OrdinalIgnoreCase) || type is "application/*" or "*/*";
        }

        return takesXml ? new(true, isCompact) : null;
    }

    /// <summary>For an answer that is given whatever the caller takes.</summary>
    public static AnswerForm OrJson(HttpRequest request) => Of(request) ?? default;

    /// <summary>A range of Accept without its parameters.</summary>
    public static ReadOnlySpan<char> TypeOf(ReadOnlySpan<char> range)
    {
        var end = range.IndexOf(';');
        return (end < 0 ? range : range[..end]).Trim();
    }
}
