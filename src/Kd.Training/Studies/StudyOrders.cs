using System.Text.Json;
using Kd.Training.Artifacts;

namespace Kd.Training.Studies;

/// <summary>What the trainer tells the workers of a study, as it writes it into the study's folder.</summary>
/// <param name="Phase">running, paused, stopping (after this epoch) or ended.</param>
/// <param name="Start">The start of the host that the trainer belongs to; null: of none.</param>
/// <param name="Beat">Changes every second as long as the trainer lives.</param>
internal sealed record StudyOrders(string Phase, string? Start, long Beat)
{
    public const string Running = "running",
        Paused = "paused",
        Stopping = "stopping",
        Ended = "ended";

    /// <summary>Name of the file.</summary>
    public const string File = "control.json";

    /// <summary>Files of the workers.</summary>
    public const string WorkerFiles = "worker-*.json";

    /// <summary>How often both sides write and look.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Reads a file of the trainer or of a worker; null if it is not there or being written.</summary>
    public static T? Read<T>(string path)
        where T : class
    {
        try
        {
            return System.IO.File.Exists(path) ? JsonSerializer.Deserialize<T>(System.IO.File.ReadAllText(path), RunFolder.JsonOptions) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes a file of the trainer or of a worker, which is worth nothing after a crash.</summary>
    public static void Write<T>(string path, T value)
    {
        System.IO.File.WriteAllText(path + ".part", JsonSerializer.Serialize(value, RunFolder.JsonOptions));
        System.IO.File.Move(path + ".part", path, overwrite: true);
    }
}
