using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>Headline figures as tiles.</summary>
public sealed partial class Figures
{
    /// <summary>The figures in their order.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<Figure> Items { get; set; } = [];
}

/// <summary>A headline figure.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value with unit; "-" while unknown.</param>
/// <param name="Detail">What it compares with; empty: nothing.</param>
/// <param name="Id">Id of the element; null: none.</param>
public sealed record Figure(string Name, string Value, string Detail = "", string? Id = null);
