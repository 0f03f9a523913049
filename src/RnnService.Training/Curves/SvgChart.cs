using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace RnnService.Training.Curves;

/// <summary>
/// A line chart as SVG: a title, a legend above the plot, one horizontal axis and one vertical axis on each side. Text names font families
/// only, so that the same values give the same file on every machine; a screen reader finds the title and a description.
/// </summary>
internal sealed class SvgChart
{
    /// <summary>The plot's edges in pixels.</summary>
    public const int PlotLeft = 72, PlotRight = Width - 72, PlotTop = 92, PlotBottom = Height - 60;

    /// <summary>Colours of text and of what stays in the background.</summary>
    public const string Ink = "#333333", Grey = "#888888";

    private const int Width = 960, Height = 540, TickLength = 5, LegendPlaces = 3, LegendRow = 18, MostMarkers = 60;
    private const string Faint = "#E6E6E6", Start = "start", Middle = "middle", End = "end";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly List<XElement> _frame = [], _plot = [], _texts = [];
    private readonly string _title, _description;

    public SvgChart(string title, string description)
    {
        (_title, _description) = (title, description);
        _texts.Add(Text(title, Width / 2, 32, Middle, Ink, ("font-size", 18), ("font-weight", "bold")));
    }

    /// <summary>Draws the horizontal axis with its grid.</summary>
    public void AddBottomAxis(CurveAxis axis, string name)
    {
        _frame.Add(Line(PlotLeft, PlotBottom, PlotRight, PlotBottom, Ink));
        foreach (Tick tick in axis.Ticks)
        {
            double x = axis.At(tick.Value);
            _frame.Insert(0, Line(x, PlotTop, x, PlotBottom, Faint));
            _frame.Add(Line(x, PlotBottom, x, PlotBottom + TickLength, Ink));
            _texts.Add(Text(tick.Label, x, PlotBottom + 20, Middle, Ink));
        }

        _texts.Add(Text(name, (PlotLeft + PlotRight) / 2, Height - 16, Middle, Ink));
    }

    /// <summary>Draws the left axis with its grid.</summary>
    public void AddLeftAxis(CurveAxis axis, string name)
    {
        _frame.Add(Line(PlotLeft, PlotTop, PlotLeft, PlotBottom, Ink));
        foreach (Tick tick in axis.Ticks)
        {
            double y = axis.At(tick.Value);
            _frame.Insert(0, Line(PlotLeft, y, PlotRight, y, Faint));
            _frame.Add(Line(PlotLeft - TickLength, y, PlotLeft, y, Ink));
            _texts.Add(Text(tick.Label, PlotLeft - 9, y + 4.5, End, Ink));
        }

        _texts.Add(Turned(name, 22, Ink));
    }

    /// <summary>Draws the right axis, without a grid of its own.</summary>
    public void AddRightAxis(CurveAxis axis, string name, string color)
    {
        _frame.Add(Line(PlotRight, PlotTop, PlotRight, PlotBottom, Ink));
        foreach (Tick tick in axis.Ticks)
        {
            double y = axis.At(tick.Value);
            _frame.Add(Line(PlotRight, y, PlotRight + TickLength, y, Ink));
            _texts.Add(Text(tick.Label, PlotRight + 9, y + 4.5, Start, color));
        }

        _texts.Add(Turned(name, Width - 14, color));
    }

    /// <summary>Draws a dashed vertical line over the whole plot, with its name above.</summary>
    public void AddMark(double x, string name)
    {
        _plot.Add(Line(x, PlotTop, x, PlotBottom, Grey, ("stroke-dasharray", "6 4")));
        _texts.Add(Text(name, x, PlotTop - 6, Middle, Grey));
    }

    /// <summary>Draws a curve; what lies outside of the axes' ranges is cut off at the plot's edge.</summary>
    /// <param name="curve">The curve.</param>
    /// <param name="across">The horizontal axis.</param>
    /// <param name="up">The vertical axis.</param>
    /// <param name="color">The line's colour.</param>
    /// <param name="width">The line's width in pixels.</param>
    /// <param name="opacity">1 hides what lies behind.</param>
    /// <param name="marked">Whether the points are marked, where there are not too many; a single point always is.</param>
    public void AddCurve(Curve curve, CurveAxis across, CurveAxis up, string color, double width = 2, double opacity = 1, bool marked = false)
    {
        if (curve.IsEmpty) return;
        var points = curve.X.Zip(curve.Y, (x, y) => (X: Number(across.At(x)), Y: Number(up.At(y)))).ToList();
        var path = new StringBuilder();
        foreach (var (x, y) in points) path.Append(path.Length == 0 ? 'M' : 'L').Append(x).Append(' ').Append(y);
        _plot.Add(Element(
            "path", ("d", path), ("fill", "none"), ("stroke", color), ("stroke-width", width), ("stroke-opacity", opacity), ("stroke-linejoin", "round")));
        if (points.Count > 1 && (!marked || points.Count > MostMarkers)) return;
        foreach (var (x, y) in points) _plot.Add(Element("circle", ("cx", x), ("cy", y), ("r", 3), ("fill", color)));
    }

    /// <summary>Draws points that no line joins.</summary>
    /// <param name="points">The points.</param>
    /// <param name="across">The horizontal axis.</param>
    /// <param name="up">The vertical axis.</param>
    /// <param name="color">Their colour.</param>
    public void AddPoints(IEnumerable<(double X, double Y)> points, CurveAxis across, CurveAxis up, string color)
    {
        foreach (var (x, y) in points)
            _plot.Add(Element("circle", ("cx", Number(across.At(x))), ("cy", Number(up.At(y))), ("r", 4), ("fill", color), ("fill-opacity", .7)));
    }

    /// <summary>Draws a line across the plot's width at a value's place, or a part of it.</summary>
    /// <param name="from">The pixel where it begins.</param>
    /// <param name="to">The pixel where it ends.</param>
    /// <param name="y">The pixel of its height.</param>
    /// <param name="color">Its colour.</param>
    public void AddLevel(double from, double to, double y, string color) => _plot.Add(Line(from, y, to, y, color, ("stroke-width", 2)));

    /// <summary>Writes the name of a curve in its place of the legend, from 0.</summary>
    /// <param name="name">The name.</param>
    /// <param name="color">The curve's colour.</param>
    /// <param name="place">The place; there are two rows.</param>
    /// <param name="places">Places of a row.</param>
    public void AddLegend(string name, string color, int place, int places = LegendPlaces)
    {
        double x = PlotLeft + (place % places * (PlotRight - PlotLeft) / (double)places);
        int down = place / places * LegendRow;
        _frame.Add(Element("rect", ("x", Number(x)), ("y", 54 + down), ("width", 24), ("height", 3), ("fill", color)));
        _texts.Add(Text(name, x + 32, 60 + down, Start, Ink));
    }

    /// <summary>Writes a sentence into the middle of the plot.</summary>
    public void AddRemark(string sentence) => _texts.Add(Text(sentence, Width / 2, Height / 2, Middle, Ink));

    /// <summary>The chart as the content of an SVG file.</summary>
    public string ToSvg()
    {
        XElement picture = Element("svg", ("width", Width), ("height", Height), ("viewBox", $"0 0 {Width} {Height}"), ("role", "img"));
        picture.SetAttributeValue("aria-labelledby", "chart-title chart-description");
        XElement area = Element("svg", ("x", PlotLeft), ("y", PlotTop), ("width", PlotRight - PlotLeft), ("height", PlotBottom - PlotTop));
        area.SetAttributeValue("viewBox", $"{PlotLeft} {PlotTop} {PlotRight - PlotLeft} {PlotBottom - PlotTop}");
        area.Add(_plot);
        picture.Add(
            new XElement(Svg + "title", new XAttribute("id", "chart-title"), _title),
            new XElement(Svg + "desc", new XAttribute("id", "chart-description"), _description),
            Element("rect", ("width", Width), ("height", Height), ("fill", "#FFFFFF")),
            _frame,
            area,
            new XElement(
                Svg + "g",
                new XAttribute("font-family", "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, 'Noto Sans', 'DejaVu Sans', sans-serif"),
                new XAttribute("font-size", 13),
                _texts));
        return picture.ToString().ReplaceLineEndings("\n") + "\n";
    }

    private static XElement Line(double x1, double y1, double x2, double y2, string color, params (string Name, object Value)[] more) => Element(
        "line", [("x1", Number(x1)), ("y1", Number(y1)), ("x2", Number(x2)), ("y2", Number(y2)), ("stroke", color), .. more]);

    private static XElement Turned(string text, double x, string color)
    {
        double y = (PlotTop + PlotBottom) / 2.0;
        return Text(text, x, y, Middle, color, ("transform", $"rotate(-90 {Number(x)} {Number(y)})"));
    }

    private static XElement Text(string text, double x, double y, string anchor, string color, params (string Name, object Value)[] more)
    {
        XElement element = Element("text", [("x", Number(x)), ("y", Number(y)), ("text-anchor", anchor), ("fill", color), .. more]);
        element.Add(text);
        return element;
    }

    private static XElement Element(string name, params (string Name, object Value)[] attributes) =>
        new(Svg + name, attributes.Select(attribute => new XAttribute(attribute.Name, attribute.Value)));

    private static string Number(double value) => Math.Round(value, 1).ToString(CultureInfo.InvariantCulture);
}
