using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FirstCome.ConfigServer.Documents;

/// <summary>
/// Reads a YAML file into flat settings, as the original server flattens it: lists as <c>[n]</c>, null and an empty list as empty text, an empty
/// map as nothing, keys that are numbers or truth values in brackets. Depth, aliases and the number of settings are bounded.
/// </summary>
internal sealed class YamlDocuments
{
    private const int DepthMax = 50;
    private const int CollectionAliasesMax = 50;

    private readonly Parser _parser;
    private readonly Dictionary<string, Node> _anchors = new(StringComparer.Ordinal);
    private int _collectionAliases;

    private YamlDocuments(string text)
    {
        _parser = new Parser(new StringReader(text));
    }

    /// <exception cref="SettingsFileException">It is not YAML, or more than is allowed.</exception>
    public static IReadOnlyList<SettingsDocument> Read(byte[] content)
    {
        YamlDocuments? reader = null;
        try
        {
            reader = new YamlDocuments(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content).TrimStart('\uFEFF'));
            return reader.ReadAll();
        }
        catch (DecoderFallbackException)
        {
            throw new SettingsFileException("the file is not UTF-8", 1);
        }
        catch (YamlException e)
        {
            // What is missing at the end is noticed on the line after it.
            throw new SettingsFileException(e.InnerException?.Message ?? e.Message, Math.Min(e.Start.Line, content.AsSpan().TrimEnd((byte)'\n').Count((byte)'\n') + 1));
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            // The scanner trips over some broken files instead of refusing them; where it stood is near enough.
            throw new SettingsFileException("this is not YAML", reader?._parser.Current?.End.Line ?? 1);
        }
    }

    private List<SettingsDocument> ReadAll()
    {
        var documents = new List<SettingsDocument>();
        _parser.Consume<StreamStart>();
        while (_parser.TryConsume<DocumentStart>(out _))
        {
            _anchors.Clear();
            var root = ReadNode(0);
            _parser.Consume<DocumentEnd>();
            if (root is ScalarNode { Type: YamlType.Null })
                continue;
            var collector = new SettingsCollector();
            if (root is MappingNode mapping)
                Flatten(mapping, "", collector);
            else
                Flatten(root, "document", collector);
            documents.Add(collector.ToDocument());
        }
        return documents;
    }

    private Node ReadNode(int depth)
    {
        var start = _parser.Current?.Start ?? Mark.Empty;
        if (depth > DepthMax)
            throw new SettingsFileException($"nested deeper than {DepthMax} levels", start.Line);
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (!_anchors.TryGetValue(alias.Value.Value, out var target))
                throw new SettingsFileException($"unknown alias *{alias.Value.Value}", start.Line);
            if (target is not ScalarNode && ++_collectionAliases > CollectionAliasesMax)
                throw new SettingsFileException($"more than {CollectionAliasesMax} aliases of collections", start.Line);
            return target;
        }
        var anchor = (_parser.Current as NodeEvent)?.Anchor ?? AnchorName.Empty;
        Node node = _parser.Current switch
        {
            Scalar => ReadScalar(_parser.Consume<Scalar>()),
            SequenceStart => ReadSequence(depth),
            _ => ReadMapping(depth),
        };
        // Known from here on only: an alias of a node inside itself is unknown, so no node contains itself.
        if (!anchor.IsEmpty)
            _anchors[anchor.Value] = node;
        return node;
    }

    private static ScalarNode ReadScalar(Scalar scalar)
    {
        var tag = scalar.Tag.IsEmpty || scalar.Tag.IsNonSpecific ? "" : scalar.Tag.Value;
        var type = tag switch
        {
            "" => scalar.Style == ScalarStyle.Plain && !scalar.Tag.IsNonSpecific ? YamlScalar.TypeOf(scalar.Value) : YamlType.Text,
            "tag:yaml.org,2002:str" => YamlType.Text,
            "tag:yaml.org,2002:null" => YamlType.Null,
            "tag:yaml.org,2002:int" => Expect(scalar, YamlType.Integer),
            "tag:yaml.org,2002:bool" => Expect(scalar, YamlType.Boolean),
            "tag:yaml.org,2002:float" => Expect(scalar, YamlType.Float),
            "tag:yaml.org,2002:timestamp" => Expect(scalar, YamlType.Timestamp),
            _ => throw new SettingsFileException($"tag {tag} is not allowed", scalar.Start.Line),
        };
        return new ScalarNode(scalar.Start, scalar.Value, type);
    }

    private static YamlType Expect(Scalar scalar, YamlType type)
        => YamlScalar.TypeOf(scalar.Value) == type ? type : throw new SettingsFileException($"the value does not fit its tag {scalar.Tag.Value}", scalar.Start.Line);

    private SequenceNode ReadSequence(int depth)
    {
        var start = _parser.Consume<SequenceStart>();
        var items = new List<Node>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(ReadNode(depth + 1));
        return new SequenceNode(start.Start, items);
    }

    private MappingNode ReadMapping(int depth)
    {
        var start = _parser.Consume<MappingStart>();
        var entries = new OrderedDictionary<string, (Node Value, bool Merged)>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (ReadNode(depth + 1) is not ScalarNode key)
                throw new SettingsFileException("a key must be a scalar", start.Start.Line);
            var value = ReadNode(depth + 1);
            if (key.Type == YamlType.Merge)
                Merge(entries, value);
            else if (entries.TryGetValue(Spell(key), out var present) && !present.Merged)
                throw new SettingsFileException($"key {Spell(key)} stands there twice", key.Start.Line);
            else
                entries[Spell(key)] = (value, Merged: false);
        }
        return new MappingNode(start.Start, entries);
    }

    private static void Merge(OrderedDictionary<string, (Node Value, bool Merged)> entries, Node value)
    {
        foreach (var source in value is SequenceNode sequence ? sequence.Items : [value])
        {
            if (source is not MappingNode mapping)
                throw new SettingsFileException("<< wants a map or a list of maps", value.Start.Line);
            foreach (var (key, entry) in mapping.Entries)
                entries.TryAdd(key, (entry.Value, Merged: true));
        }
    }

    private static string Spell(ScalarNode key) => key.Type switch
    {
        YamlType.Null => throw new SettingsFileException("a key is empty", key.Start.Line),
        YamlType.Boolean or YamlType.Integer or YamlType.Float => $"[{YamlScalar.ValueOf(key.Text, key.Type).Text}]",
        _ => key.Text,
    };

    private static void Flatten(Node node, string path, SettingsCollector collector)
    {
        switch (node)
        {
            case ScalarNode scalar:
                Put(YamlScalar.ValueOf(scalar.Text, scalar.Type));
                break;
            case SequenceNode { Items.Count: 0 }:
                Put(SettingValue.Empty);
                break;
            case SequenceNode sequence:
                for (var i = 0; i < sequence.Items.Count; i++)
                    Flatten(sequence.Items[i], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), collector);
                break;
            case MappingNode mapping:
                foreach (var (key, entry) in mapping.Entries)
                    Flatten(entry.Value, path.Length == 0 ? key : key.StartsWith('[') ? path + key : $"{path}.{key}", collector);
                break;
        }

        void Put(SettingValue value)
            => collector.Put(new Setting(path, value, string.Create(CultureInfo.InvariantCulture, $"{node.Start.Line}:{node.Start.Column}")), node.Start.Line);
    }

    private abstract record Node(Mark Start);

    private sealed record ScalarNode(Mark Start, string Text, YamlType Type) : Node(Start);

    private sealed record SequenceNode(Mark Start, List<Node> Items) : Node(Start);

    private sealed record MappingNode(Mark Start, OrderedDictionary<string, (Node Value, bool Merged)> Entries) : Node(Start);
}
