using System.Globalization;
using Kd.Training.Control;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>The use of each replica of the teacher since the trainer started.</summary>
public sealed partial class Replicas
{
    /// <summary>The state of the run, with which the numbers change.</summary>
    [Parameter, EditorRequired]
    public RunStatus Status { get; set; } = RunStatus.Starting;

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Share(long part, long whole) => whole == 0 ? "-" : (100.0 * part / whole).ToString("F1", CultureInfo.InvariantCulture) + "%";
}
