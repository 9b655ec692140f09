using System.Globalization;
using Kd.Training.Curriculum;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>Sets temperature and threshold manually for the coming epochs.</summary>
public sealed partial class ManualTargetForm
{
    private double? _temperature;
    private double? _threshold;
    private int _epochs = 1;

    /// <summary>The values in force; null: none.</summary>
    [Parameter, EditorRequired]
    public ManualTarget? Manual { get; set; }

    private void Set() => Control.Set(new ManualTarget(_temperature, _threshold, _epochs));

    private static string Text(double? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "unchanged";
}
