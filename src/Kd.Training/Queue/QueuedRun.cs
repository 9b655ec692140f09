namespace Kd.Training.Queue;

/// <summary>A run that was requested through the page or the API.</summary>
/// <param name="Id">Name of the run and of its folder.</param>
/// <param name="Settings">Settings that differ from the process's, by name.</param>
public sealed record QueuedRun(string Id, IReadOnlyDictionary<string, string> Settings);
