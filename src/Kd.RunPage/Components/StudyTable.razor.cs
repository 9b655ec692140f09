using Kd.Training.Artifacts;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>The result table of a study; the best student is marked.</summary>
public sealed partial class StudyTable
{
    /// <summary>The study.</summary>
    [Parameter, EditorRequired]
    public StudySummary Study { get; set; } = null!;

    private string Style(string method) =>
        method == Study.Winner ? "winner"
        : StudySummary.IsTeacher(method) ? "teacher"
        : "";
}
