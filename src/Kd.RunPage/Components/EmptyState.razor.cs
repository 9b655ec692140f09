using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>Stands where there is nothing to show yet, and says what to do.</summary>
public sealed partial class EmptyState
{
    /// <summary>What is missing.</summary>
    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>What to do.</summary>
    [Parameter]
    public RenderFragment? ChildContent { get; set; }
}
