using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Charts;

/// <summary>Stacked columns over epochs.</summary>
public sealed partial class StackedChart
{
    /// <summary>Title above the chart.</summary>
    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>The stacks, from the bottom up.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<ChartLine> Stacks { get; set; } = [];

    /// <summary>Whether the stacks are steps of a scale, low to high, and not separate things.</summary>
    [Parameter]
    public bool IsScale { get; set; }

    private string Summary =>
        $"{Title}, last epoch: "
        + string.Join(
            ", ",
            Stacks.Where(line => line.Points.Count > 0).Select(line => string.Create(CultureInfo.InvariantCulture, $"{line.Name} {line.Points[^1].Y:G4}"))
        );

    private string Color(int index) => IsScale ? ChartColors.OnScale(index, Stacks.Count) : ChartColors.Distinct(index);
}
