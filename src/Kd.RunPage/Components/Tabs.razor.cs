using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>Links to the sections of a page; the section is part of the address.</summary>
public sealed partial class Tabs
{
    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    /// <summary>Names in the address, and titles.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<(string Name, string Title)> Items { get; set; } = [];

    /// <summary>Name of the section that is shown.</summary>
    [Parameter, EditorRequired]
    public string Current { get; set; } = "";

    private string Link(string name) => Navigation.GetUriWithQueryParameter("tab", name == Items[0].Name ? null : name);
}
