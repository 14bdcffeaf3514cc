using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace FirstCome.DiscoveryServer.Pages;

/// <summary>A heading in both languages with a table below it. Whatever stands in a cell is text: it is escaped here and nowhere else.</summary>
internal sealed class PageTable(string korean, string english, params (string Korean, string English)[] columns)
{
    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _rows = new();

    public static string Text(string text) => Html.Encode(text);

    /// <param name="cells">One for each column; of a status its name is also its style.</param>
    public void Add(params ReadOnlySpan<(string Text, string? Style)> cells)
    {
        _rows.Append("<tr>");
        for (var column = 0; column < cells.Length; column++)
        {
            var (korean, english) = columns[column];
            _rows.Append("<td data-label=\"").Append(korean).Append(" · ").Append(english).Append('"');
            // In a box of its own, as narrow screens put the label beside it.
            _rows.Append("><span");
            if (cells[column].Style is { } style) _rows.Append(" class=\"").Append(Html.Encode(style)).Append('"');
            _rows.Append('>').Append(Html.Encode(cells[column].Text)).Append("</span></td>");
        }

        _rows.Append("</tr>\n");
    }

    public override string ToString()
    {
        var heading = $"""<h2>{korean} <span lang="en">{english}</span></h2>""";
        if (_rows.Length == 0) return $"""{heading}<p class="none">없음 <span lang="en">none</span></p>""";
        var headers = string.Concat(columns.Select(column => $"""<th scope="col">{column.Korean} <span lang="en">{column.English}</span></th>"""));
        return $"{heading}<table><thead><tr>{headers}</tr></thead><tbody>\n{_rows}</tbody></table>";
    }
}
