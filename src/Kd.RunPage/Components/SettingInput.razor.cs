using Kd.Settings;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>The field of a setting with its help, its allowed values and its problem.</summary>
public sealed partial class SettingInput
{
    /// <summary>The setting.</summary>
    [Parameter, EditorRequired]
    public Setting Setting { get; set; } = null!;

    /// <summary>Its value as text.</summary>
    [Parameter, EditorRequired]
    public string Value { get; set; } = "";

    /// <summary>Gets a new value.</summary>
    [Parameter]
    public EventCallback<string> ValueChanged { get; set; }

    /// <summary>The mistake in its value; null: none.</summary>
    [Parameter]
    public string? Problem { get; set; }

    private string Id => Setting.Name.Replace(':', '-');

    private string IsInvalid => Problem is null ? "false" : "true";

    private string Help => Setting.Choices.Count > 0 || Setting.Allowed.Length == 0 ? Setting.About.Help : $"{Setting.About.Help} Allowed: {Setting.Allowed}.";

    private Task Change(ChangeEventArgs change) => ValueChanged.InvokeAsync(change.Value?.ToString() ?? "");
}
