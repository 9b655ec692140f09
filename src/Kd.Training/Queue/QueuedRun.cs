namespace Kd.Training.Queue;

/// <summary>A run that was requested through the page or the API.</summary>
/// <param name="Id">Name of the run and of its folder.</param>
/// <param name="Settings">Settings that differ from the process's, by name.</param>
public sealed record QueuedRun(string Id, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>All settings that a run may have, as they were when it was added: what it means does not depend on the trainer that starts it.</summary>
    public IReadOnlyDictionary<string, string> Resolved { get; init; } = new Dictionary<string, string>();

    /// <summary>Why it ended without a result; it then waits until it is tried again or removed. Null: it has not failed.</summary>
    public string? Failure { get; init; }

    /// <summary>Number of times that it was started in a row without getting further.</summary>
    public int Starts { get; init; }

    /// <summary>Time of its last checkpoint at the last start, ticks; 0 before it.</summary>
    public long Progress { get; init; }

    /// <summary>The settings to start it with, by name.</summary>
    public IReadOnlyDictionary<string, string> AllSettings()
    {
        var all = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in Resolved.Concat(Settings))
            all[name] = value;
        return all;
    }
}
