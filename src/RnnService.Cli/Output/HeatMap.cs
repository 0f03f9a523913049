using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace RnnService.Cli.Output;

/// <summary>
/// A heat map as SVG: a column a token, and over each other a line of scores, a row of shares and the units. Colours say what the numbers
/// are, the title and a description what is seen. The same values give the same file on every machine.
/// </summary>
internal sealed class HeatMap
{
    /// <summary>Shades on each side of zero; values between two share one.</summary>
    private const int Shades = 12;

    private const int Cell = 14, Left = 92, Top = 34, LetterWidth = 8, LongestToken = 16, SentenceHeight = 18, LineHeight = 70, Gap = 10, LeastWidth = 900;

    /// <summary>Of every so many units one is named.</summary>
    private const int NamedUnits = 8;

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly IReadOnlyList<string> _tokens;
    private readonly string _title;
    private readonly IReadOnlyList<string> _description;
    private readonly List<XElement> _parts = [];
    private int _y;

    /// <summary>Begins with the tokens.</summary>
    /// <param name="title">What is seen, in one line.</param>
    /// <param name="description">How it is to be read, in a sentence or more.</param>
    /// <param name="tokens">The tokens of the columns.</param>
    public HeatMap(string title, IReadOnlyList<string> description, IReadOnlyList<string> tokens)
    {
        (_title, _description, _tokens) = (title, description, [.. tokens.Select(Visible)]);
        _y = Top + description.Count * SentenceHeight + LetterWidth * (tokens.Count == 0 ? 1 : _tokens.Max(token => token.Length));
        for (int i = 0; i < _tokens.Count; i++)
        {
            double x = Left + (i + .5) * Cell + 4;
            _parts.Add(Text(_tokens[i], x, _y, "start", ("transform", $"rotate(-90 {Number(x)} {_y})")));
        }

        _y += Gap;
    }

    private int Width => Math.Max(LeastWidth, Left + _tokens.Count * Cell + 24);

    /// <summary>Adds a line of values from 0 to 1.</summary>
    public void AddLine(string name, IReadOnlyList<float> values)
    {
        var path = new StringBuilder();
        for (int i = 0; i < values.Count; i++)
            path.Append(i == 0 ? 'M' : 'L').Append(Number(Left + (i + .5) * Cell)).Append(' ').Append(Number(_y + LineHeight * (1 - values[i])));
        foreach (double level in (double[])[0, .5, 1])
        {
            double y = _y + LineHeight * (1 - level);
            _parts.Add(Element("line", ("x1", Left), ("x2", Left + _tokens.Count * Cell), ("y1", Number(y)), ("y2", Number(y)), ("class", "grid")));
            _parts.Add(Text(Number(level), Left - 6, y + 4, "end"));
        }

        _parts.Add(Text(name, 6, _y + LineHeight / 2 + 4, "start"));
        _parts.Add(Element("path", ("d", path), ("class", "line")));
        _y += LineHeight + Gap;
    }

    /// <summary>Adds one row of values of either sign.</summary>
    public void AddRow(string name, IReadOnlyList<float> values)
    {
        float most = values.Count == 0 ? 1 : values.Max(Math.Abs);
        _parts.Add(Text(name, Left - 6, _y + Cell - 3, "end"));
        AddCells([.. values.Select(value => new[] { most == 0 ? 0 : value / most })]);
        _y += Cell + Gap;
    }

    /// <summary>Adds a row a unit.</summary>
    /// <param name="firstUnit">Number of the first.</param>
    /// <param name="steps">Values from −1 to 1, a row of units a token; larger ones have the strongest colour.</param>
    public void AddUnits(int firstUnit, IReadOnlyList<float[]> steps)
    {
        int units = steps.Count == 0 ? 0 : steps[0].Length;
        for (int unit = 0; unit < units; unit += NamedUnits)
            _parts.Add(Text(unit == 0 ? $"unit {firstUnit}" : $"{firstUnit + unit}", Left - 6, _y + unit * Cell + Cell - 3, "end"));
        AddCells(steps);
        _y += units * Cell + Gap;
    }

    /// <summary>The picture as the content of an SVG file.</summary>
    public string ToSvg()
    {
        XElement picture = Element("svg", ("viewBox", $"0 0 {Width} {_y}"), ("width", Width), ("height", _y), ("role", "img"));
        picture.SetAttributeValue("aria-labelledby", "map-title map-description");
        picture.Add(
            new XElement(Svg + "title", new XAttribute("id", "map-title"), _title),
            new XElement(Svg + "desc", new XAttribute("id", "map-description"), string.Join(" ", _description)),
            new XElement(Svg + "style",
                ".grid { stroke: #D0D0D0 } .line { fill: none; stroke: #333333; stroke-width: 2 }"),
            Element("rect", ("width", Width), ("height", _y), ("fill", "#FFFFFF")),
            new XElement(
                Svg + "g",
                new XAttribute("font-family", "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"),
                new XAttribute("font-size", 12),
                new XAttribute("fill", "#333333"),
                Text(_title, 6, 22, "start", ("font-size", 15), ("font-weight", "bold")),
                _description.Select((sentence, line) => Text(sentence, 6, Top + 10 + line * SentenceHeight, "start")),
                _parts));
        return picture.ToString().ReplaceLineEndings("\n") + "\n";
    }

    /// <summary>Cells of one shade are one path: thousands of elements would take megabytes.</summary>
    private void AddCells(IReadOnlyList<float[]> columns)
    {
        var paths = new StringBuilder?[2 * Shades + 1];
        for (int x = 0; x < columns.Count; x++)
        {
            for (int y = 0; y < columns[x].Length; y++)
            {
                int shade = (int)MathF.Round(Math.Clamp(columns[x][y], -1, 1) * Shades) + Shades;
                if (shade != Shades) (paths[shade] ??= new StringBuilder()).Append(CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
            }
        }

        XElement group = Element("g", ("transform", $"translate({Left} {_y}) scale({Cell})"));
        for (int shade = 0; shade < paths.Length; shade++)
        {
            if (paths[shade] is { } path) group.Add(Element("path", ("d", path), ("fill", ColorOf((shade - Shades) / (double)Shades))));
        }

        _parts.Add(group);
    }

    /// <summary>White at 0, blue below, orange above: told apart by those who see no red or green too.</summary>
    private static string ColorOf(double value)
    {
        (int red, int green, int blue) = value < 0 ? (0x21, 0x66, 0xAC) : (0xC2, 0x5A, 0x00);
        double part = Math.Abs(value);
        return $"#{Mix(red):X2}{Mix(green):X2}{Mix(blue):X2}";

        int Mix(int channel) => (int)Math.Round(255 + part * (channel - 255));
    }

    private static string Visible(string token)
    {
        string seen = token.Replace("\n", "⏎", StringComparison.Ordinal).Replace('\t', '⇥').Replace(' ', '␣');
        seen = new string([.. seen.Where(letter => !char.IsControl(letter))]);
        if (seen.Length <= LongestToken) return seen;
        int end = char.IsHighSurrogate(seen[LongestToken - 2]) ? LongestToken - 2 : LongestToken - 1;
        return seen[..end] + "…";
    }

    private static XElement Text(string text, double x, double y, string anchor, params (string Name, object Value)[] more)
    {
        XElement element = Element("text", [("x", Number(x)), ("y", Number(y)), ("text-anchor", anchor), .. more]);
        element.Add(text);
        return element;
    }

    private static XElement Element(string name, params (string Name, object Value)[] attributes) =>
        new(Svg + name, attributes.Select(one => new XAttribute(one.Name, one.Value)));

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
