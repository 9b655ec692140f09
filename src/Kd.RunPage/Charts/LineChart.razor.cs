using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Charts;

/// <summary>Lines over epochs; the best value can be marked.</summary>
public sealed partial class LineChart
{
    /// <summary>Title above the chart.</summary>
    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>The lines.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<ChartLine> Lines { get; set; } = [];

    /// <summary>Whether the highest value is marked, as the best one.</summary>
    [Parameter]
    public bool MarksHighest { get; set; }

    private ChartLine? Best => MarksHighest ? Lines.Where(line => line.Highest is not null).MaxBy(line => line.Highest!.Y) : null;

    // For those who cannot see the chart.
    private string Summary => string.Join("; ", Lines.Where(line => line.Points.Count > 0).Select(Describe));

    private string Describe(ChartLine line) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Title}, {line.Name}: {line.Points[0].Y:G4} in epoch {line.Points[0].X}, {line.Points[^1].Y:G4} in epoch {line.Points[^1].X}"
        );

    private string DescribeBest(ChartLine best) =>
        string.Create(CultureInfo.InvariantCulture, $"{best.Highest!.Y:0.##} in epoch {best.Highest.X}{(Lines.Count > 1 ? $" ({best.Name})" : "")}");
}
