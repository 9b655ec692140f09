using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Charts;

/// <summary>Lines over epochs; the best value can be marked.</summary>
public sealed partial class LineChart
{
    private IReadOnlyList<ChartLine>? _drawn;

    /// <summary>Title above the chart.</summary>
    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>The lines.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<ChartLine> Lines { get; set; } = [];

    /// <summary>Whether the highest value is marked, as the best one.</summary>
    [Parameter]
    public bool MarksHighest { get; set; }

    private (int Line, ChartPoint Point)? Best =>
        MarksHighest && Lines.Any(line => line.Points.Count > 0)
            ? Lines
                .Index()
                .Where(entry => entry.Item.Points.Count > 0)
                .Select(entry => (entry.Index, entry.Item.Points.MaxBy(point => point.Y)!))
                .MaxBy(entry => entry.Item2.Y)
            : null;

    // For those who cannot see the chart.
    private string Summary => string.Join("; ", Lines.Where(line => line.Points.Count > 0).Select(Describe));

    // A page that reloads every second must not draw the same chart every second: its lines are new objects where there are new data.
    /// <inheritdoc/>
    protected override bool ShouldRender()
    {
        var changed =
            _drawn is null || !_drawn.Select(line => (line.Name, line.Points.Count)).SequenceEqual(Lines.Select(line => (line.Name, line.Points.Count)));
        changed |= _drawn is not null && !_drawn.Select(line => line.Points.LastOrDefault()).SequenceEqual(Lines.Select(line => line.Points.LastOrDefault()));
        _drawn = Lines;
        return changed;
    }

    private string Describe(ChartLine line) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Title}, {line.Name}: {line.Points[0].Y:G4} in epoch {line.Points[0].X}, {line.Points[^1].Y:G4} in epoch {line.Points[^1].X}"
        );

    private string Describe((int Line, ChartPoint Point) best) =>
        string.Create(CultureInfo.InvariantCulture, $"{best.Point.Y:0.##} in epoch {best.Point.X}{(Lines.Count > 1 ? $" ({Lines[best.Line].Name})" : "")}");
}
