using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>The test of a finished run: confusion matrix, calibration, accuracy of the classes.</summary>
public sealed partial class TestSection
{
    /// <summary>Folder of the run.</summary>
    [Parameter, EditorRequired]
    public string Folder { get; set; } = "";
}
