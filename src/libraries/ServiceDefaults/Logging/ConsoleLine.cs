using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace FirstCome.ServiceDefaults;

/// <summary>
/// One line a record: instant, level, service, trace, category, message, and an exception with its frames. Control characters, line breaks among them, are written as escapes, so that nobody's input forges a line.
/// </summary>
internal sealed class ConsoleLine(ServiceIdentity identity, TimeProvider time) : ConsoleFormatter(FormatName)
{
    public const string FormatName = "line";

    // C0, DEL and C1, but not the tab; and the bidirectional overrides.
    private static readonly SearchValues<char> s_escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(code => code != '\t').Concat(Enumerable.Range(127, 33)).Concat(Enumerable.Range(0x202A, 5)).Concat(Enumerable.Range(0x2066, 4)).Append(0x2028).Append(0x2029).Select(code => (char)code)]);

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        textWriter.Write(Level(logEntry.LogLevel));
        textWriter.Write(identity.Name);
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
        {
            textWriter.Write(' ');
            textWriter.Write(activity.TraceId.ToHexString());
        }
        textWriter.Write(' ');
        textWriter.Write(logEntry.Category);
        textWriter.Write(": ");
        WriteEscaped(textWriter, message);
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write(" | ");
            WriteEscaped(textWriter, exception.ToString().ReplaceLineEndings(" | "));
        }
        textWriter.Write('\n');
    }

    private static void WriteEscaped(TextWriter writer, string text)
    {
        var rest = text.AsSpan();
        for (var at = rest.IndexOfAny(s_escaped); at >= 0; at = rest.IndexOfAny(s_escaped))
        {
            writer.Write(rest[..at]);
            writer.Write(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)rest[at]:x4}"));
            rest = rest[(at + 1)..];
        }
        writer.Write(rest);
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Critical => " CRIT ",
        LogLevel.Error => " ERROR ",
        LogLevel.Warning => " WARN ",
        LogLevel.Information => " INFO ",
        LogLevel.Debug => " DEBUG ",
        _ => " TRACE ",
    };
}

internal sealed class ConsoleLineOptions : ConsoleFormatterOptions;
