namespace Kd.Training.Queue;

/// <summary>A run that was requested through the page or the API.</summary>
/// <param name="Id">Name of the run and of its folder.</param>
/// <param name="Settings">Settings that differ from the process's, by name.</param>
public sealed record QueuedRun(string Id, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>Number of times that it was started in a row without getting further.</summary>
    public int Starts { get; init; }

    /// <summary>Time of its last checkpoint at the last start, ticks; 0 before it.</summary>
    public long Progress { get; init; }
}
