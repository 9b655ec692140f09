using Microsoft.AspNetCore.Components;

namespace Kd.Training.Reports;

/// <summary>Shows pictures of training samples with class and difficulty.</summary>
public sealed partial class SamplePictures
{
    /// <summary>The samples in order.</summary>
    [Parameter, EditorRequired]
    public IEnumerable<SamplePicture> Samples { get; set; } = [];
}
