using Kd.Training.Queue;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>The runs that have not started yet, and those that have failed.</summary>
public sealed partial class WaitingRuns
{
    /// <summary>The runs in their order.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<QueuedRun> Runs { get; set; } = [];

    private static string Describe(QueuedRun run)
    {
        var settings = run.Settings.Where(setting => setting.Key != "Run:Id").Select(setting => $"{setting.Key}={setting.Value}").ToList();
        return settings.Count > 0 ? string.Join(", ", settings) : "the trainer's settings";
    }
}
