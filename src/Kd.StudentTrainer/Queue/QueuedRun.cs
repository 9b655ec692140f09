namespace Kd.StudentTrainer.Queue;

/// <summary>A run that was asked for on the page.</summary>
/// <param name="Id">Its name, and that of its folder.</param>
/// <param name="Settings">Those that differ from the process's, by name.</param>
public sealed record QueuedRun(string Id, IReadOnlyDictionary<string, string> Settings);
