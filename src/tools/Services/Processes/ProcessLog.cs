using Spectre.Console;

namespace FirstCome.Services.Processes;

/// <summary>One log of all processes: each line under its process's name, in its process's colour.</summary>
internal sealed class ProcessLog
{
    private static readonly Color[] s_colours = [Color.Aqua, Color.Lime, Color.Yellow, Color.Fuchsia, Color.DodgerBlue1, Color.Orange1, Color.SpringGreen2, Color.HotPink, Color.Khaki1, Color.Grey];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Color> _colourOf = new(StringComparer.Ordinal);
    private int _width = 18;

    public void Line(string process, string line) => Write(process, Markup.Escape(line));

    /// <summary>What is said of the process itself, and must not be overlooked.</summary>
    public void Notice(string process, string sentence) => Write(process, $"[bold red]{Markup.Escape(sentence)}[/]");

    private void Write(string process, string markup)
    {
        lock (_lock)
        {
            if (!_colourOf.TryGetValue(process, out var colour)) { colour = _colourOf[process] = s_colours[_colourOf.Count % s_colours.Length]; }
            _width = Math.Max(_width, process.Length);
            AnsiConsole.Console.Profile.Width = int.MaxValue;
            AnsiConsole.MarkupLine($"[{colour.ToMarkup()}]{Markup.Escape(process.PadRight(_width))}[/] {markup}");
        }
    }
}
