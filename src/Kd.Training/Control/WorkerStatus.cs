namespace Kd.Training.Control;

/// <summary>What another process does for a study of this trainer.</summary>
/// <param name="Worker">Machine and process.</param>
/// <param name="Status">Its run, with the folder relative to the study's.</param>
/// <param name="Beat">Changes every second as long as the worker lives.</param>
public sealed record WorkerStatus(string Worker, RunStatus Status, long Beat);
