using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kd.Settings;
using Kd.Training.Configuration;
using Kd.Training.Evaluation;

namespace Kd.Training.Artifacts;

/// <summary>The runs below Run:Folder, as the page shows them. What was read is kept as long as its file does not change.</summary>
/// <param name="configuration">Names the folder.</param>
internal sealed class RunLibrary(RunConfiguration configuration)
{
    private const int Deepest = 3;

    private readonly string _root = Path.GetFullPath(configuration.Run.Folder);
    private readonly ConcurrentDictionary<string, (DateTime Changed, long Length, IReadOnlyList<EpochMetrics> Epochs)> _metrics = new();

    /// <summary>All runs that have finished an epoch, the last changed first.</summary>
    public IReadOnlyList<RunSummary> Runs() =>
        [.. Folders(new DirectoryInfo(_root), 0).Select(Summarize).OfType<RunSummary>().OrderByDescending(run => run.Changed)];

    /// <summary>The run of a name, or null.</summary>
    public RunSummary? Find(string name)
    {
        // A name comes from an address: it must lead to a folder below the runs'.
        var folder = Path.GetFullPath(Path.Combine(_root, name));
        return folder.StartsWith(_root + Path.DirectorySeparatorChar, StringComparison.Ordinal) && Directory.Exists(folder)
            ? Summarize(new DirectoryInfo(folder))
            : null;
    }

    /// <summary>The study of a name, with what is finished of it; null where there is none.</summary>
    public StudySummary? FindStudy(string name)
    {
        var folder = new DirectoryInfo(Path.GetFullPath(Path.Combine(_root, name)));
        var isBelow = folder.FullName.StartsWith(_root + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        if (!isBelow || !folder.Exists || !IsStudy(folder.FullName))
            return null;
        var rows = Read<List<RunResult>>(Path.Combine(folder.FullName, RunFolder.StudyFile)) ?? [];
        var runs = Folders(folder, 1).Select(Summarize).OfType<RunSummary>().OrderBy(run => run.Name, StringComparer.Ordinal);
        // Runs with other seeds prepare the comparison: they are not part of it.
        var settings = Settings(folder.FullName);
        var (first, count) = (Number("run:seed"), Number("run:seeds"));
        return new StudySummary(
            NameOf(folder.FullName),
            [.. rows.Where(row => IsCompared(row.Seed))],
            [
                .. runs.Where(run =>
                    Path.GetFileName(run.Folder) is not ['s', 'e', 'e', 'd', .. var seed] || !long.TryParse(seed, out var own) || IsCompared(own)
                ),
            ],
            RunFolder.Open(folder.FullName).IsFinished
        );

        long Number(string setting) => long.TryParse(settings.GetValueOrDefault(setting), out var number) ? number : 1;

        bool IsCompared(long seed) => seed >= first && seed < first + count;
    }

    /// <summary>The test of a finished run; null before it.</summary>
    public static EvaluationResult? Test(string folder) => Read<EvaluationResult>(Path.Combine(folder, RunFolder.EvaluationFile));

    /// <summary>A folder's name, relative to Run:Folder.</summary>
    public string NameOf(string folder) => Path.GetRelativePath(_root, folder).Replace('\\', '/');

    /// <summary>The finished epochs of a run.</summary>
    public IReadOnlyList<EpochMetrics> Metrics(string folder)
    {
        var file = new FileInfo(Path.Combine(folder, RunFolder.MetricsFile));
        if (!file.Exists)
            return [];
        if (_metrics.TryGetValue(folder, out var known) && (known.Changed, known.Length) == (file.LastWriteTimeUtc, file.Length))
            return known.Epochs;
        try
        {
            var epochs = RunFolder.ParseMetrics(File.ReadLines(file.FullName));
            _metrics[folder] = (file.LastWriteTimeUtc, file.Length, epochs);
            return epochs;
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            // It is being written; the next look sees it whole.
            return known.Epochs ?? [];
        }
    }

    /// <summary>The hardest and easiest samples of a run's last epoch; null where there are none.</summary>
    public static EpochSamples? Samples(string folder) => Read<EpochSamples>(Path.Combine(folder, RunFolder.SamplesFile));

    /// <summary>Settings that are not the same in all runs, with the value of each.</summary>
    public IEnumerable<(string Name, IReadOnlyList<string> Values)> Differences(IReadOnlyList<RunSummary> runs)
    {
        var settings = runs.Select(run => Settings(run.Folder)).ToList();
        return settings
            .SelectMany(one => one.Keys)
            .Distinct()
            .Order(StringComparer.Ordinal)
            .Select(name => (name, (IReadOnlyList<string>)[.. settings.Select(one => one.GetValueOrDefault(name, "-"))]))
            .Where(entry => SettingCatalog.Find(entry.name) is not { About.MayChange: true } && entry.Item2.Distinct().Count() > 1);
    }

    /// <summary>The settings of a run, or of this process, that a new run may have: by name as on the command line.</summary>
    /// <param name="name">The run; null: this process.</param>
    public IReadOnlyDictionary<string, string> SettingsFor(string? name)
    {
        var all = Settings(name is null ? configuration : RunConfiguration.CreateDefault());
        // A setting that an older run does not know keeps its default.
        if (name is not null && Find(name) is { } run)
        {
            foreach (var (setting, value) in Settings(run.Folder))
                all[setting] = value;
        }

        return Free(all);
    }

    /// <summary>The settings of a run that another run may have: by name as on the command line.</summary>
    public static IReadOnlyDictionary<string, string> FreeSettings(RunConfiguration run) => Free(Settings(run));

    /// <summary>The settings that the run or study of a folder below Run:Folder has and another run may have.</summary>
    public IReadOnlyDictionary<string, string> SettingsOf(string name) => Free(Settings(Path.Combine(_root, name)));

    /// <summary>Whether a run, or the study that it is of, has ended.</summary>
    public bool IsFinished(RunSummary run) => RunFolder.Open(Path.Combine(_root, RootOf(run))).IsFinished;

    /// <summary>The name of the run's own folder or of the study that it is of: what Run:Id names.</summary>
    public static string RootOf(RunSummary run) => run.Name.Split('/')[0];

    // A run has its metrics in its own folder; a study, before its first row, has settings only.
    private static bool IsStudy(string folder) =>
        File.Exists(Path.Combine(folder, RunFolder.StudyFile))
        || (File.Exists(Path.Combine(folder, RunFolder.ConfigurationFile)) && !File.Exists(Path.Combine(folder, RunFolder.MetricsFile)));

    private static Dictionary<string, string> Free(Dictionary<string, string> settings) =>
        settings
            .Select(setting => (Name: CommandName(setting.Key), setting.Value))
            .Where(setting => RunConfigurationReader.IsFree(setting.Name) && setting.Name != "Run:Id")
            .ToDictionary(setting => setting.Name, setting => setting.Value, StringComparer.OrdinalIgnoreCase);

    private static string CommandName(string name) => string.Join(':', name.Split(':').Select(part => char.ToUpperInvariant(part[0]) + part[1..]));

    private static IEnumerable<DirectoryInfo> Folders(DirectoryInfo folder, int depth)
    {
        if (!folder.Exists || depth > Deepest)
            return [];
        return folder
            .EnumerateDirectories()
            .Where(child => !RunOptions.OtherFolders.Contains(child.Name))
            .SelectMany(child => Folders(child, depth + 1).Prepend(child));
    }

    private RunSummary? Summarize(DirectoryInfo folder)
    {
        var epochs = Metrics(folder.FullName);
        if (epochs.Count == 0)
            return null;
        var result = Read<RunResult>(Path.Combine(folder.FullName, RunFolder.ResultFile));
        var method =
            result?.Method
            ?? (
                File.Exists(Path.Combine(folder.FullName, RunFolder.ConfigurationFile))
                    ? Settings(folder.FullName).GetValueOrDefault("distillation:method", "-")
                : folder.Name.StartsWith("seed", StringComparison.Ordinal) ? folder.Parent!.Name
                : folder.Name
            );
        return new RunSummary
        {
            Name = NameOf(folder.FullName),
            Folder = folder.FullName,
            Method = method,
            Epochs = epochs.Count,
            BestAccuracy = epochs.Max(epoch => epoch.ValidationAccuracy),
            TestAccuracy = result?.TestAccuracy,
            Changed = File.GetLastWriteTime(Path.Combine(folder.FullName, RunFolder.MetricsFile)),
        };
    }

    // A run of a study has its settings in the study's folder.
    private Dictionary<string, string> Settings(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null && at.FullName.Length > _root.Length; at = at.Parent)
        {
            if (Read<JsonObject>(Path.Combine(at.FullName, RunFolder.ConfigurationFile)) is { } settings)
                return Flatten(settings, "").ToDictionary();
        }

        return [];
    }

    private static Dictionary<string, string> Settings(RunConfiguration configuration) =>
        Flatten(JsonSerializer.SerializeToNode(configuration, RunFolder.JsonOptions)!.AsObject(), "").ToDictionary();

    private static IEnumerable<KeyValuePair<string, string>> Flatten(JsonObject settings, string prefix) =>
        settings.SelectMany(entry =>
            entry.Value is JsonObject inner
                ? Flatten(inner, $"{prefix}{entry.Key}:")
                : [new KeyValuePair<string, string>(prefix + entry.Key, entry.Value?.ToString() ?? "")]
        );

    private static T? Read<T>(string path)
        where T : class
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<T>(File.ReadAllText(path), RunFolder.JsonOptions) : null;
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }
}
