using System.Globalization;
using System.Net;
using System.Text;

namespace Kd.Training.Reports;

/// <summary>Draws small charts as SVG that takes its text color from the page, so that it is legible on light and dark backgrounds.</summary>
/// <remarks>Chart libraries draw text with the fonts of the machine, which a server often lacks; SVG text is drawn by the reader's browser.</remarks>
internal static class SvgChart
{
    private const int Width = 640,
        Height = 260,
        Left = 56,
        Right = 12,
        Top = 42,
        Bottom = 36,
        NameWidth = 130,
        IntervalHeight = 18;
    private static readonly string[] s_colors = ["#1f77b4", "#d9730d", "#2a9d55", "#c0392b", "#8e5bb5"];

    /// <summary>Draws lines over a common axis.</summary>
    /// <param name="title">Title of the chart.</param>
    /// <param name="horizontal">Name of the horizontal axis.</param>
    /// <param name="series">Names and points; points that are not finite are left out.</param>
    public static string Lines(string title, string horizontal, params (string Name, IReadOnlyList<(double X, double Y)> Points)[] series)
    {
        var points = series.SelectMany(line => line.Points).Where(point => double.IsFinite(point.Y)).ToList();
        if (points.Count == 0)
            points = [(0, 0), (1, 1)];
        var (x, y) = (Axis.Of(points.Select(point => point.X)), Axis.Of(points.Select(point => point.Y)));
        var text = Begin(title, $"{title}: {string.Join(", ", series.Select(line => Describe(line.Name, line.Points)))}");
        DrawAxes(text, x, y, horizontal);
        foreach (var (index, (name, line)) in series.Index())
        {
            var color = s_colors[index % s_colors.Length];
            var path = string.Join(' ', line.Where(point => double.IsFinite(point.Y)).Select(point => Invariant($"{X(x, point.X):F1},{Y(y, point.Y):F1}")));
            text.Append($"""<polyline fill="none" stroke="{color}" stroke-width="2" points="{path}"/>""");
            var end = Width - Right - 90 * (series.Length - 1 - index);
            if (series.Length > 1)
                text.Append(Invariant($"""<text x="{end}" y="31" text-anchor="end" fill="{color}">{Encode(name)}</text>"""));
        }

        return text.Append("</svg>").ToString();
    }

    /// <summary>Draws points with their names.</summary>
    /// <param name="title">Title of the chart.</param>
    /// <param name="horizontal">Name of the horizontal axis.</param>
    /// <param name="points">Names and points.</param>
    public static string Points(string title, string horizontal, IReadOnlyList<(string Name, double X, double Y)> points)
    {
        var (x, y) = (Axis.Of(points.Select(point => point.X).Append(0)), Axis.Of(points.Select(point => point.Y).DefaultIfEmpty(0)));
        var text = Begin(title, $"{title}: {string.Join(", ", points.Select(point => Invariant($"{point.Name} {point.Y:G4} at {point.X:G4}")))}");
        DrawAxes(text, x, y, horizontal);
        foreach (var (name, right, up) in points)
        {
            // To the left of a point in the right half, so that the name stays in the chart.
            var (anchor, away) = x.Share(right) > 0.5 ? ("end", -8) : ("start", 8);
            text.Append(Invariant($"""<circle cx="{X(x, right):F1}" cy="{Y(y, up):F1}" r="4" fill="{s_colors[0]}"/>"""))
                .Append(Invariant($"""<text x="{X(x, right) + away:F1}" y="{Y(y, up) + 4:F1}" text-anchor="{anchor}">{Encode(name)}</text>"""));
        }

        return text.Append("</svg>").ToString();
    }

    /// <summary>Draws means with their intervals, one below the other, and a line at 0.</summary>
    /// <param name="title">Title of the chart.</param>
    /// <param name="rows">Names, means and ends of the intervals.</param>
    public static string Intervals(string title, IReadOnlyList<(string Name, double Mean, double Low, double High)> rows)
    {
        var height = Top + rows.Count * IntervalHeight + Bottom;
        var x = Axis.Of(rows.SelectMany(entry => new[] { entry.Low, entry.High }).Append(0));
        var description = string.Join(", ", rows.Select(entry => Invariant($"{entry.Name} {entry.Mean:F2} ({entry.Low:F2} to {entry.High:F2})")));
        var text = Begin(title, $"{title}: {description}", height);
        foreach (var tick in x.Ticks)
        {
            var opacity = tick == 0 ? 0.8 : 0.25;
            text.Append(Invariant($"""<line x1="{At(tick):F1}" x2="{At(tick):F1}" y1="{Top}" y2="{height - Bottom}" """))
                .Append(Invariant($"""stroke="currentColor" stroke-opacity="{opacity}"/>"""))
                .Append(Invariant($"""<text x="{At(tick):F1}" y="{height - Bottom + 16}" text-anchor="middle">{tick:G4}</text>"""));
        }

        foreach (var (index, (name, mean, low, high)) in rows.Index())
        {
            var y = Top + index * IntervalHeight + IntervalHeight / 2;
            text.Append(Invariant($"""<text x="{NameWidth - 8}" y="{y + 4}" text-anchor="end">{Encode(name)}</text>"""))
                .Append(Invariant($"""<line x1="{At(low):F1}" x2="{At(high):F1}" y1="{y}" y2="{y}" stroke="{s_colors[0]}" stroke-width="2"/>"""))
                .Append(Invariant($"""<circle cx="{At(mean):F1}" cy="{y}" r="4" fill="{s_colors[0]}"/>"""));
        }

        return text.Append("</svg>").ToString();

        double At(double value) => NameWidth + (Width - NameWidth - Right) * x.Share(value);
    }

    /// <summary>Draws a table of shares as shades, row by row from the top.</summary>
    /// <param name="title">Title of the chart.</param>
    /// <param name="vertical">Name of the rows.</param>
    /// <param name="horizontal">Name of the columns.</param>
    /// <param name="cells">Shares by row, 0 to 1.</param>
    public static string Heatmap(string title, string vertical, string horizontal, IReadOnlyList<IReadOnlyList<double>> cells)
    {
        var columns = cells.Count > 0 ? cells[0].Count : 0;
        var text = Begin(title, $"{title}: {cells.Count} rows ({vertical}) of {columns} columns ({horizontal}), darker is more");
        var height = (double)(Height - Top - Bottom) / Math.Max(1, cells.Count);
        var width = (double)(Width - Left - Right) / (cells.Count > 0 ? columns : 1);
        foreach (var (row, values) in cells.Index())
        {
            foreach (var (column, value) in values.Index().Where(cell => cell.Item > 0))
                text.Append(Invariant($"""<rect x="{Left + column * width:F2}" y="{Top + row * height:F2}" width="{width:F2}" height="{height:F2}" """))
                    .Append(Invariant($"""fill="{s_colors[0]}" fill-opacity="{Math.Sqrt(Math.Min(1, value)):F3}"/>"""));
        }

        var (center, middle) = ((Left + Width - Right) / 2, (Top + Height - Bottom) / 2);
        return text.Append(Invariant($"""<rect x="{Left}" y="{Top}" width="{Width - Left - Right}" height="{Height - Top - Bottom}" """))
            .Append("""fill="none" stroke="currentColor" stroke-opacity="0.4"/>""")
            .Append(Invariant($"""<text x="{center}" y="{Height - 10}" text-anchor="middle">{Encode(horizontal)}</text>"""))
            .Append(Invariant($"""<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">{Encode(vertical)}</text>"""))
            .Append("</svg>")
            .ToString();
    }

    private static StringBuilder Begin(string title, string description, int height = Height) =>
        new StringBuilder()
            .Append(Invariant($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" role="img" """))
            .Append("""font-family="system-ui,sans-serif" font-size="12" fill="currentColor" color="#777">""")
            .Append(Invariant($"""<title>{Encode(description)}</title><text x="{Left}" y="14" font-weight="600">{Encode(title)}</text>"""));

    private static void DrawAxes(StringBuilder text, Axis x, Axis y, string horizontal)
    {
        foreach (var tick in y.Ticks)
        {
            text.Append(Invariant($"""<line x1="{Left}" x2="{Width - Right}" y1="{Y(y, tick):F1}" y2="{Y(y, tick):F1}" """))
                .Append("""stroke="currentColor" stroke-opacity="0.25"/>""")
                .Append(Invariant($"""<text x="{Left - 6}" y="{Y(y, tick) + 4:F1}" text-anchor="end">{tick:G4}</text>"""));
        }

        foreach (var tick in x.Ticks)
        {
            var label = Math.Abs(tick) >= 10_000 ? Invariant($"{tick / 1000:G4}k") : Invariant($"{tick:G4}");
            text.Append(Invariant($"""<text x="{X(x, tick):F1}" y="{Height - Bottom + 16}" text-anchor="middle">{label}</text>"""));
        }

        text.Append(Invariant($"""<text x="{(Left + Width - Right) / 2}" y="{Height - 4}" text-anchor="middle">{Encode(horizontal)}</text>"""));
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static string Describe(string name, IReadOnlyList<(double X, double Y)> points) =>
        points.Count == 0 ? $"{name} has no points" : Invariant($"{name} from {points[0].Y:G4} to {points[^1].Y:G4}");

    private static double X(Axis axis, double value) => Left + (Width - Left - Right) * axis.Share(value);

    private static double Y(Axis axis, double value) => Height - Bottom - (Height - Top - Bottom) * axis.Share(value);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>An axis between round numbers.</summary>
    private sealed record Axis(double Low, double High, double Step)
    {
        public IEnumerable<double> Ticks => Enumerable.Range(0, (int)Math.Round((High - Low) / Step) + 1).Select(tick => Math.Round(Low + tick * Step, 10));

        public static Axis Of(IEnumerable<double> values)
        {
            var all = values.ToList();
            var (low, high) = (all.Min(), all.Max());
            if (high - low < 1e-9)
                (low, high) = (low - 0.5, high + 0.5);
            var rough = (high - low) / 5;
            var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
            var step =
                power
                * (
                    rough / power < 1.5 ? 1
                    : rough / power < 3.5 ? 2
                    : rough / power < 7.5 ? 5
                    : 10
                );
            return new Axis(Math.Floor(low / step) * step, Math.Ceiling(high / step) * step, step);
        }

        public double Share(double value) => (value - Low) / (High - Low);
    }
}
