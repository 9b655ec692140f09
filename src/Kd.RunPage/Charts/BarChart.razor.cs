using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Charts;

/// <summary>A bar chart.</summary>
public sealed partial class BarChart
{
    /// <summary>Title above the chart.</summary>
    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>The bars.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<Bar> Bars { get; set; } = [];

    private string Summary =>
        $"{Title}: " + string.Join(", ", Bars.Select(bar => string.Create(CultureInfo.InvariantCulture, $"from {bar.Name}: {bar.Value:G6}")));
}
