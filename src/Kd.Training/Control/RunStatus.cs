using Kd.Training.Curriculum;

namespace Kd.Training.Control;

/// <summary>Status of the current run.</summary>
public sealed record RunStatus
{
    /// <summary>starting, running, paused, stopping (after this epoch), finished, stopped, failed, or waiting (for a run to be requested).</summary>
    public required string Phase { get; init; }

    /// <summary>Method of the run; null before the first run.</summary>
    public string? Method { get; init; }

    /// <summary>The current epoch, from 1.</summary>
    public int Epoch { get; init; }

    /// <summary>Epochs of the run.</summary>
    public int Epochs { get; init; }

    /// <summary>Steps of the epoch that are done.</summary>
    public int Step { get; init; }

    /// <summary>Steps of the epoch.</summary>
    public int Steps { get; init; }

    /// <summary>Mean training loss of the epoch so far.</summary>
    public double? Loss { get; init; }

    /// <summary>Accuracy after the last finished epoch, percent; null before it.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>Estimated time until the end of the run, seconds; null while unknown.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>Values set manually for the coming epochs; null: none.</summary>
    public ManualTarget? Manual { get; init; }

    /// <summary>Folder of the run; null before the first run.</summary>
    public string? Folder { get; init; }

    /// <summary>Index of the run in its study, from 1; 0: not part of a study.</summary>
    public int Run { get; init; }

    /// <summary>Runs of the study.</summary>
    public int Runs { get; init; }

    /// <summary>Progress of the work as a line of text; null when there is none.</summary>
    public string? Progress { get; init; }

    /// <summary>The status before the first run.</summary>
    public static RunStatus Starting { get; } = new() { Phase = "starting" };

    /// <summary>Whether a run or another task is in progress and can be controlled.</summary>
    internal bool IsUnderWay => Phase is "starting" or "running" or "paused" or "stopping";
}
