using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Xml;

namespace FirstCome.Eureka.Wire;

/// <summary>
/// Reads the contract's XML by saying it in the contract's JSON, so that both have the same leniency and the same limits. Document types, and with
/// them entities, are refused; nothing is ever fetched. What cannot be read throws <see cref="JsonException"/>.
/// </summary>
public static class EurekaXmlReader
{
    private const int DeepestObject = 8;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        MaxCharactersInDocument = 1024 * 1024,
    };

    /// <summary>The body of a registration, <c>&lt;instance&gt;…&lt;/instance&gt;</c>.</summary>
    public static InstanceInfo Instance(ReadOnlyMemory<byte> body) => EurekaJsonReader.Instance(AsJson(body));

    private static ReadOnlyMemory<byte> AsJson(ReadOnlyMemory<byte> body)
    {
        var buffer = new ArrayBufferWriter<byte>(body.Length + 1024);
        try
        {
            using var stream = new MemoryStream(body.ToArray(), writable: false);
            using var xml = XmlReader.Create(stream, Settings);
            using var json = new Utf8JsonWriter(buffer);
            if (xml.MoveToContent() != XmlNodeType.Element) throw new JsonException("The body must be an element.");
            json.WriteStartObject();
            json.WritePropertyName(xml.LocalName);
            Object(xml, json, xml.LocalName, depth: 1);
            json.WriteEndObject();
            while (xml.Read())
            {
                // Whatever follows the element must be well-formed, too.
            }
        }
        catch (XmlException malformed)
        {
            throw new JsonException("The body is not well-formed XML.", malformed);
        }

        return buffer.WrittenMemory;
    }

    /// <summary>An element that holds elements, from its start to its end.</summary>
    private static void Object(XmlReader xml, Utf8JsonWriter json, string name, int depth)
    {
        if (depth > DeepestObject) throw new JsonException("The body is nested too deeply.");
        var isEmpty = xml.IsEmptyElement;
        json.WriteStartObject();
        if (xml.GetAttribute("class") is { } className) json.WriteString("@class", className);
        while (!isEmpty && xml.Read() && xml.NodeType != XmlNodeType.EndElement)
        {
            if (xml.NodeType == XmlNodeType.Element) Property(xml, json, name, depth);
            else if (xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA) throw new JsonException($"{name} must hold elements, not text.");
        }

        json.WriteEndObject();
    }

    private static void Property(XmlReader xml, Utf8JsonWriter json, string owner, int depth)
    {
        var name = xml.LocalName;
        if (owner == "metadata")
        {
            json.WriteString(XmlEntryName.Decode(name), Text(xml) ?? throw new JsonException("metadata values must be text."));
            return;
        }

        json.WritePropertyName(name);
        switch (name)
        {
            case "instance" or "dataCenterInfo" or "leaseInfo" or "metadata":
                Object(xml, json, name, depth + 1);
                break;
            case "port" or "securePort":
                json.WriteStartObject();
                if (xml.GetAttribute("enabled") is { } enabled) json.WriteString("@enabled", enabled);
                json.WriteString("$", Text(xml)?.Trim());
                json.WriteEndObject();
                break;
            default:
                // What is unknown may hold anything.
                json.WriteStringValue(Text(xml)?.Trim());
                break;
        }
    }

    /// <summary>The text of an element, which is read to its end; null where it holds elements.</summary>
    private static string? Text(XmlReader xml)
    {
        if (xml.IsEmptyElement) return "";
        var text = new StringBuilder();
        var isText = true;
        while (xml.Read() && xml.NodeType != XmlNodeType.EndElement)
        {
            if (xml.NodeType == XmlNodeType.Element)
            {
                isText = false;
                SkipToEnd(xml);
            }
            else
            {
                text.Append(xml.Value);
            }
        }

        return isText ? text.ToString() : null;
    }

    private static void SkipToEnd(XmlReader xml)
    {
        if (xml.IsEmptyElement) return;
        var depth = xml.Depth;
        while (xml.Read() && xml.Depth > depth)
        {
            // Without recursion, however deep it goes.
        }
    }
}
