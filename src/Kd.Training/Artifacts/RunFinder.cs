using System.Text.Json;
using System.Text.Json.Nodes;
using Kd.Settings;
using Kd.Training.Configuration;
using Kd.Training.Diagnostics;

namespace Kd.Training.Artifacts;

/// <summary>Finds the folder for a run: the one that Run:Id names, the newest unfinished one with the same settings, or a new one.</summary>
internal sealed class RunFinder(RunConfiguration configuration, TimeProvider time)
{
    // Longer than a trainer that was told to stop needs for its step and its checkpoint.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10),
        s_poll = TimeSpan.FromMilliseconds(100);
    private static readonly JsonObject s_defaults = ToJson(RunConfiguration.CreateDefault()).AsObject();
    private readonly JsonNode _settings = ToComparable(ToJson(configuration));

    /// <summary>Opens the folder and locks it against other processes; waits a little for one that may be about to end.</summary>
    /// <param name="note">Receives messages.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>The run's name and folder.</returns>
    /// <exception cref="TrainingException">The folder cannot be used, another process uses it, or its run has other settings.</exception>
    public (string Id, RunFolder Folder) Open(Action<string> note, CancellationToken cancellation)
    {
        if (!string.IsNullOrEmpty(configuration.Run.Id))
            return (configuration.Run.Id, OpenNamed(configuration.Run.Id, note, cancellation));
        if (configuration.Run.Resume == "auto" && FindUnfinished(note, cancellation) is { } found)
            return found;
        for (var attempt = 1; ; attempt++)
        {
            var id = time.GetLocalNow().ToString("yyyyMMdd-HHmmss", null) + (attempt == 1 ? "" : $"-{attempt}");
            if (Directory.Exists(PathOf(id)))
                continue;
            var folder = RunFolder.Open(PathOf(id));
            if (folder.TryLock())
                return (id, folder);
        }
    }

    /// <summary>Opens the folder of the study that Run:Id names, whose runs this process shares, without locking it.</summary>
    /// <exception cref="TrainingException">The folder cannot be used, or its study has other settings.</exception>
    public RunFolder Join() => RequireSame(RunFolder.Open(PathOf(configuration.Run.Id!)));

    /// <summary>Explains why a run with a name cannot be started; null if it can be started or continued.</summary>
    public string? FindObstacle()
    {
        var path = PathOf(configuration.Run.Id!);
        if (!Directory.Exists(path))
            return null;
        using var folder = RunFolder.Open(path);
        if (!folder.TryLock())
            return $"Run:Id is '{configuration.Run.Id}', and that run is in progress. Give another name, or none.";
        if (folder.IsFinished)
            return $"Run:Id is '{configuration.Run.Id}', and that run is finished. Give another name, or none.";
        return Read(folder) is { } saved && FindDifference(saved, _settings) is { } difference
            ? $"Run:Id is '{configuration.Run.Id}', and that run was started with other settings: {difference}. Give another name, or none."
            : null;
    }

    private RunFolder OpenNamed(string id, Action<string> note, CancellationToken cancellation)
    {
        var folder = RunFolder.Open(PathOf(id));
        // Processes share the runs of a study.
        if (!folder.TryLock() && !configuration.Run.HasSeveralRuns && !WaitForLock(folder, note, cancellation))
            throw new TrainingException($"Another process is working on the run '{folder.Path}'. Wait for it, or give another Run:Id.");
        return configuration.Run.Resume == "auto" ? RequireSame(folder) : folder;
    }

    private RunFolder RequireSame(RunFolder folder)
    {
        if (Read(folder) is not { } saved || FindDifference(saved, _settings) is not { } difference)
            return folder;
        folder.Dispose();
        throw new TrainingException(
            $"The run '{folder.Path}' was started with other settings: {difference}. Give another Run:Id, or Run:Resume=never to start it over."
        );
    }

    private (string, RunFolder)? FindUnfinished(Action<string> note, CancellationToken cancellation)
    {
        var root = new DirectoryInfo(configuration.Run.Folder);
        if (!root.Exists)
            return null;
        var waits = true;
        foreach (
            var candidate in root.GetDirectories()
                .Where(folder => folder.GetFiles("config.json").Length > 0)
                .OrderByDescending(folder => folder.Name, StringComparer.Ordinal)
        )
        {
            var folder = RunFolder.Open(candidate.FullName);
            if (folder.IsFinished || Read(folder) is not { } saved || FindDifference(saved, _settings) is not null)
                continue;
            if (folder.TryLock() || (waits && WaitForLock(folder, note, cancellation) && !folder.IsFinished))
                return (candidate.Name, folder);
            // The newest is the one that may be about to end; others belong to trainers that go on.
            waits = false;
            folder.Dispose();
        }

        return null;
    }

    // A trainer that is still shutting down holds the lock of the run that the same command is to continue.
    private bool WaitForLock(RunFolder folder, Action<string> note, CancellationToken cancellation)
    {
        note($"another process works on the run '{folder.Path}'; waiting up to {s_patience.TotalSeconds:F0} s for its end");
        for (var since = time.GetTimestamp(); time.GetElapsedTime(since) < s_patience; )
        {
            cancellation.WaitHandle.WaitOne(s_poll);
            cancellation.ThrowIfCancellationRequested();
            if (folder.TryLock())
                return true;
        }

        return false;
    }

    private static JsonNode? Read(RunFolder folder)
    {
        try
        {
            return folder.ReadJson<JsonNode>(RunFolder.ConfigurationFile) is { } saved ? ToComparable(saved) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonNode ToJson(RunConfiguration settings) => JsonNode.Parse(JsonSerializer.Serialize(settings, RunFolder.JsonOptions))!;

    // A run of an earlier version lacks newer settings; it was trained as if they had their defaults.
    private static void AddDefaults(JsonObject saved, JsonObject defaults)
    {
        foreach (var (name, value) in defaults)
        {
            if (saved[name] is JsonObject section && value is JsonObject sectionDefaults)
                AddDefaults(section, sectionDefaults);
            else if (!saved.ContainsKey(name))
                saved[name] = value?.DeepClone();
        }
    }

    private static JsonNode ToComparable(JsonNode settings)
    {
        if (settings is JsonObject saved)
            AddDefaults(saved, s_defaults);
        // 0 meant all cores, in versions that did not save their number.
        if (settings["run"] is JsonObject run && run["threads"] is JsonValue threads && threads.TryGetValue(out int number) && number == 0)
            run["threads"] = ThreadShare.Cores;
        foreach (var setting in SettingCatalog.All.Where(setting => setting.About.MayChange))
        {
            var path = Array.ConvertAll(setting.Name.Split(':'), JsonNamingPolicy.CamelCase.ConvertName);
            (settings[path[0]] as JsonObject)?.Remove(path[1]);
        }

        return settings;
    }

    /// <summary>Describes the first setting that differs, with both values; null if there is none.</summary>
    internal static string? FindDifference(JsonNode? saved, JsonNode? now, string name = "")
    {
        if (saved is not JsonObject || now is not JsonObject)
            return JsonNode.DeepEquals(saved, now) ? null : $"{name} was {saved?.ToJsonString() ?? "not set"}, now it is {now?.ToJsonString() ?? "not set"}";
        return saved
            .AsObject()
            .Select(entry => entry.Key)
            .Union(now.AsObject().Select(entry => entry.Key))
            .Select(key => FindDifference(saved[key], now[key], name + (name.Length > 0 ? ":" : "") + char.ToUpperInvariant(key[0]) + key[1..]))
            .FirstOrDefault(difference => difference is not null);
    }

    private string PathOf(string id) => Path.Combine(configuration.Run.Folder, id);
}
