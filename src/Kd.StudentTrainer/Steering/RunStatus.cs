namespace Kd.StudentTrainer.Steering;

/// <summary>Where the run is now.</summary>
/// <param name="Phase">starting, running, paused, stopping (after this epoch), finished, stopped or failed; waiting: for a run to be started.</param>
/// <param name="Method">What the student learns from; null before the first run begins.</param>
/// <param name="Epoch">The current epoch, from 1.</param>
/// <param name="Epochs">Epochs of the run.</param>
/// <param name="Step">Steps of the epoch that are done.</param>
/// <param name="Steps">Steps of the epoch.</param>
/// <param name="Loss">Mean training loss of the epoch so far.</param>
/// <param name="ValidationAccuracy">Percent, after the last finished epoch; null before it.</param>
/// <param name="SecondsLeft">Until the run's end, at the rate so far; null while that is not known.</param>
/// <param name="Manual">Set by hand for coming epochs; null: nothing.</param>
/// <param name="Folder">The run's folder; null before the first run begins.</param>
/// <param name="Run">Which run of a study it is, from 1; 0: of none.</param>
/// <param name="Runs">Runs of the study.</param>
/// <param name="Progress">How far the work is, as a line for a terminal; null where none is under way.</param>
public sealed record RunStatus(
    string Phase,
    string? Method,
    int Epoch,
    int Epochs,
    int Step,
    int Steps,
    double? Loss,
    double? ValidationAccuracy,
    double? SecondsLeft,
    ManualTarget? Manual,
    string? Folder,
    int Run = 0,
    int Runs = 0,
    string? Progress = null
)
{
    /// <summary>Whether a run or another task is under way, so that it can be steered.</summary>
    internal bool IsUnderWay => Phase is "starting" or "running" or "paused" or "stopping";

    /// <summary>Before the first run.</summary>
    public static RunStatus Starting { get; } = new("starting", null, 0, 0, 0, 0, null, null, null, null, null);
}
