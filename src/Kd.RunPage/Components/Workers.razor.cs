using System.Globalization;
using Kd.Training.Control;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>The runs of the study that other processes have in progress.</summary>
public sealed partial class Workers
{
    /// <summary>The workers.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<WorkerStatus> Items { get; set; } = [];

    private static string Accuracy(RunStatus status) =>
        status.ValidationAccuracy is { } accuracy ? accuracy.ToString("F1", CultureInfo.InvariantCulture) + "%" : "-";

    private static string Left(RunStatus status) => status.SecondsLeft is { } seconds ? ProgressBar.FormatTime(TimeSpan.FromSeconds(seconds)) : "-";
}
