using FirstCome.ConfigServer.Documents;
using FirstCome.ConfigServer.Environments;

namespace FirstCome.ConfigServer.TextFormats;

/// <summary>Keys that cannot stand in one tree, such as <c>a</c> with a value and <c>a.b</c>.</summary>
internal sealed class KeyConflictException(string key) : Exception($"the key {key} does not fit the keys before it");

/// <summary>All sources of an environment as one: lower sources first, each key where it was first met, lists after all else and whole.</summary>
internal static class MergedSettings
{
    private const int ListLengthMax = 10_000;

    public static OrderedDictionary<string, SettingValue> Flat(ResolvedEnvironment environment)
    {
        var merged = new OrderedDictionary<string, SettingValue>(StringComparer.Ordinal);
        var lists = new OrderedDictionary<string, List<Setting>>(StringComparer.Ordinal);
        foreach (var source in environment.Sources.Reverse())
        {
            var own = new HashSet<string>(StringComparer.Ordinal);
            foreach (var setting in source.Settings)
            {
                var bracket = setting.Key.IndexOf('[', StringComparison.Ordinal);
                if (bracket < 0)
                {
                    merged[setting.Key] = setting.Value;
                    continue;
                }
                var list = setting.Key[..bracket];
                if (own.Add(list))
                    lists[list] = [];
                lists[list].Add(setting);
            }
        }
        foreach (var setting in lists.Values.SelectMany(list => list))
            merged[setting.Key] = setting.Value;
        return merged;
    }

    /// <summary>Nested: a node is a map, a list (of nodes or null) or a <see cref="SettingValue"/>.</summary>
    /// <exception cref="KeyConflictException" />
    public static OrderedDictionary<string, object> Tree(OrderedDictionary<string, SettingValue> flat)
    {
        var root = new OrderedDictionary<string, object>(StringComparer.Ordinal);
        foreach (var (key, value) in flat)
            Set(root, key, value);
        return root;
    }

    private static void Set(OrderedDictionary<string, object> root, string key, SettingValue value)
    {
        object node = root;
        var at = 0;
        while (true)
        {
            var isIndex = node is List<object?>;
            var end = isIndex ? key.IndexOf(']', at)
                : IsName(key, at) ? key.IndexOf(']', at) + 1
                : key.AsSpan(at).IndexOfAny('.', '[') is >= 0 and var found ? at + found : key.Length;
            var index = isIndex ? Index(key, at, end) : 0;
            var part = key[at..end];
            at = isIndex ? end + 1 : end;
            if (at == key.Length)
            {
                Put(node, part, index, value);
                return;
            }
            if (key[at] is not ('.' or '['))
                throw new KeyConflictException(key);
            var isName = IsName(key, at);
            var isList = key[at] == '[' && !isName;
            if (Get(node, part, index) is not { } next)
                Put(node, part, index, next = isList ? new List<object?>() : new OrderedDictionary<string, object>(StringComparer.Ordinal));
            if (next.GetType() != (isList ? typeof(List<object?>) : typeof(OrderedDictionary<string, object>)))
                throw new KeyConflictException(key);
            node = next;
            if (!isName)
                at++;
        }
    }

    // [Microsoft.AspNetCore] is one name with dots in it, which stays in its brackets; [0] is a place in a list.
    private static bool IsName(string key, int at)
        => key[at] == '[' && key.IndexOf(']', at) is var end && end > at + 1 && key.AsSpan(at + 1, end - at - 1).ContainsAnyExceptInRange('0', '9');

    private static int Index(string key, int at, int end)
        => end > at && int.TryParse(key.AsSpan(at, end - at), System.Globalization.NumberStyles.None, null, out var index) && index < ListLengthMax
            ? index
            : throw new KeyConflictException(key);

    private static object? Get(object node, string part, int index) => node switch
    {
        List<object?> list => index < list.Count ? list[index] : null,
        OrderedDictionary<string, object> map => map.GetValueOrDefault(part),
        _ => null,
    };

    private static void Put(object node, string part, int index, object value)
    {
        if (node is OrderedDictionary<string, object> map)
        {
            map[part] = value;
            return;
        }
        var list = (List<object?>)node;
        while (list.Count <= index)
            list.Add(null);
        list[index] = value;
    }
}
