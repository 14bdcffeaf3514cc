using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Xml;

namespace FirstCome.ServiceDefaults;

/// <summary>
/// How the public API reads and writes JSON: camelCase; unknown and duplicate members, comments, trailing commas, numbers in strings and enums as numbers are refused; depth up to 16;
/// a member whose type is not nullable and which has no default must be there and not null; instants need an offset and are written in UTC with <c>Z</c>;
/// <see cref="TimeSpan"/> is an ISO 8601 duration; null is not written, unless a member says so.
/// </summary>
public static class ApiJson
{
    /// <summary>Ready to use and read-only.</summary>
    public static readonly JsonSerializerOptions Options = Create();

    /// <summary>Sets the same rules on options that a framework has made.</summary>
    public static void Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.DictionaryKeyPolicy = null;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.ReadCommentHandling = JsonCommentHandling.Disallow;
        options.AllowTrailingCommas = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.MaxDepth = 16;
        // UnsafeRelaxed would leave < and > as they are; answers are never put into HTML, yet a browser may be made to sniff one.
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new InstantConverter());
        options.Converters.Add(new DurationConverter());
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { RequireWhatCannotBeNull } };
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions();
        Apply(options);
        options.MakeReadOnly();
        return options;
    }

    private static void RequireWhatCannotBeNull(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object) { return; }
        foreach (var property in type.Properties)
        {
            if (property is { AssociatedParameter.HasDefaultValue: false, Set: not null } && !property.IsSetNullable && Nullable.GetUnderlyingType(property.PropertyType) is null) { property.IsRequired = true; }
        }
    }

    private sealed class InstantConverter : JsonConverter<DateTimeOffset>
    {
        // 42 characters at most, each of which may be escaped.
        private const int BytesMax = 252;

        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            // Many writers escape the plus sign, and a value may lie across two segments of the body: the text is looked at as a whole, unescaped.
            var length = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
            if (reader.TokenType == JsonTokenType.String && length <= BytesMax && reader.TryGetDateTimeOffset(out var value))
            {
                Span<byte> text = stackalloc byte[BytesMax];
                if (HasOffset(text[..reader.CopyString(text)])) { return value.ToUniversalTime(); }
            }
            throw new JsonException("must be an instant with an offset, for instance 2030-01-31T09:00:00Z");
        }

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value.UtcDateTime);

        private static bool HasOffset(ReadOnlySpan<byte> text) => text.Length > 10 && (text[^1] == (byte)'Z' || text[10..].IndexOfAny((byte)'+', (byte)'-') >= 0);
    }

    private sealed class DurationConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String && Duration.TryParse(reader.GetString(), out var value)) { return value; }
            throw new JsonException("must be an ISO 8601 duration, for instance PT1H30M");
        }

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(XmlConvert.ToString(value));
    }
}

/// <summary>ISO 8601 durations of days, hours, minutes and seconds, as the API takes them: <c>PT1H</c>, <c>P1DT12H</c>.</summary>
public static class Duration
{
    /// <summary>False for years, months and weeks, which have no fixed length here, and for anything else that is not a duration of up to 10,000 days.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (text is null || text.Length is < 3 or > 32 || text[0] != 'P') { return false; }
        var inTime = false;
        var seconds = 0m;
        var allowed = "DHMS";
        var number = 1;
        for (var i = 1; i < text.Length; i++)
        {
            var character = text[i];
            if (char.IsAsciiDigit(character) || character == '.') { continue; }
            if (character == 'T')
            {
                if (inTime || i != number || i == text.Length - 1) { return false; }
                inTime = true;
                number = i + 1;
                continue;
            }
            var position = allowed.IndexOf(character);
            if (position < 0 || (character == 'D') == inTime || !decimal.TryParse(text.AsSpan(number, i - number), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)) { return false; }
            if (value != Math.Truncate(value) && character != 'S') { return false; }
            if (value > 1_000_000_000m) { return false; }
            seconds += value * character switch { 'D' => 86_400, 'H' => 3_600, 'M' => 60, _ => 1 };
            allowed = allowed[(position + 1)..];
            number = i + 1;
        }
        if (number != text.Length || seconds > 864_000_000m) { return false; }
        duration = TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));
        return true;
    }
}
