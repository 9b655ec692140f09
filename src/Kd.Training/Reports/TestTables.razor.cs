using Kd.Training.Evaluation;
using Microsoft.AspNetCore.Components;

namespace Kd.Training.Reports;

/// <summary>Shows the result on the test images as tables: accuracy of each class, and the most frequent confusions.</summary>
public sealed partial class TestTables
{
    /// <summary>The result on the test images.</summary>
    [Parameter, EditorRequired]
    public EvaluationResult Test { get; set; } = null!;
}
