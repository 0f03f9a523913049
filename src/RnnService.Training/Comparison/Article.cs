using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace RnnService.Training.Comparison;

/// <summary>
/// A page of headings, paragraphs, tables and figures, as Markdown beside files of its figures and as HTML that has them inside. Text may hold
/// <c>`code`</c>, <c>**strong**</c> and <c>[links](page.md)</c>; links to other pages of the documentation are plain text in HTML, which is served without them.
/// </summary>
internal sealed partial class Article
{
    private readonly StringBuilder _markdown = new(), _html = new();
    private readonly Dictionary<string, string> _figures = [];
    private readonly string _title, _folder;

    /// <param name="title">The heading of all.</param>
    /// <param name="folder">The folder of the figures, from where the Markdown lies.</param>
    public Article(string title, string folder)
    {
        (_title, _folder) = (title, folder);
        _markdown.Append("# ").Append(title).Append("\n\n");
    }

    /// <summary>The contents of the figures' files, by name.</summary>
    public IReadOnlyDictionary<string, string> Figures => _figures;

    public void AddHeading(int level, string text)
    {
        _markdown.Append('#', level).Append(' ').Append(text).Append("\n\n");
        _html.Append($"<h{level}>{ToHtml(text)}</h{level}>\n");
    }

    public void AddParagraph(string text)
    {
        _markdown.Append(text).Append("\n\n");
        _html.Append($"<p>{ToHtml(text)}</p>\n");
    }

    /// <param name="formulas">Each by its name, which stands before its first line.</param>
    public void AddFormulas(IReadOnlyList<(string Name, IReadOnlyList<string> Lines)> formulas)
    {
        int width = formulas.Max(formula => formula.Name.Length) + 3;
        string[] lines = [.. formulas.SelectMany(formula => formula.Lines.Select((line, i) => (i == 0 ? formula.Name : "").PadRight(width) + line))];
        _markdown.Append("    ").AppendJoin("\n    ", lines).Append("\n\n");
        _html.Append("<pre>").Append(WebUtility.HtmlEncode(string.Join('\n', lines))).Append("</pre>\n");
    }

    /// <param name="rows">The rows, the heads first.</param>
    public void AddTable(IReadOnlyList<string[]> rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            _markdown.Append("| ").AppendJoin(" | ", rows[i].Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
            if (i == 0) _markdown.Append('|').Insert(_markdown.Length, "---|", rows[0].Length).Append('\n');
        }

        _markdown.Append('\n');
        _html.Append("<div class=\"scroll\"><table>\n");
        foreach (var (i, row) in rows.Index())
        {
            string tag = i == 0 ? "th" : "td";
            _html.Append("<tr>").AppendJoin("", row.Select(cell => $"<{tag}>{ToHtml(cell)}</{tag}>")).Append("</tr>\n");
        }

        _html.Append("</table></div>\n");
    }

    /// <param name="id">The name of its file without the ending.</param>
    /// <param name="title">What stands in its place where it is not seen.</param>
    /// <param name="svg">The drawing.</param>
    public void AddFigure(string id, string title, string svg)
    {
        _figures.Add(id + ".svg", svg);
        _markdown.Append($"![{title}]({_folder}/{id}.svg)\n\n");
        // Many drawings on one page: each needs names of its own.
        _html.Append("<figure>").Append(svg.Replace("chart-", id + "-", StringComparison.Ordinal)).Append("</figure>\n");
    }

    public string ToMarkdown() => _markdown.ToString().TrimEnd('\n') + "\n";

    /// <summary>The page as the service has it, beside its style sheet.</summary>
    public string ToHtml() => $"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>{WebUtility.HtmlEncode(_title)}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" href="icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="app.css">
        </head>
        <body>
        <main class="article">
        <p><a href="../">To the playground</a></p>
        <h1>{WebUtility.HtmlEncode(_title)}</h1>
        {_html}</main>
        </body>
        </html>

        """.ReplaceLineEndings("\n");

    private static string ToHtml(string text)
    {
        string html = WebUtility.HtmlEncode(text);
        html = Code().Replace(html, "<code>$1</code>");
        html = Strong().Replace(html, "<strong>$1</strong>");
        return Link().Replace(html, link => link.Groups[2].Value.StartsWith("http", StringComparison.Ordinal) ? $"<a href=\"{link.Groups[2].Value}\">{link.Groups[1].Value}</a>" : link.Groups[1].Value);
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\*\*([^*]+)\*\*")]
    private static partial Regex Strong();

    [GeneratedRegex(@"\[([^\]]+)\]\(([^)]+)\)")]
    private static partial Regex Link();
}
