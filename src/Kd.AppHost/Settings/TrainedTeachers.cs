using System.Text.Json;
using System.Text.Json.Nodes;
using Kd.Settings;

namespace Kd.AppHost.Settings;

/// <summary>Teachers that were trained here: <c>Teacher:Weights</c> may be the name of a finished run in <c>Run:Folder</c>.</summary>
internal static class TrainedTeachers
{
    /// <summary>Replaces names of runs by their weights files, and gives the teachers their networks.</summary>
    /// <param name="values">The settings by name, Run:Folder among them.</param>
    /// <returns>Runs that cannot serve.</returns>
    public static IReadOnlyList<SettingProblem> Resolve(Dictionary<string, string> values)
    {
        var problems = new List<SettingProblem>();
        foreach (var (name, run) in values.Where(value => TeacherSettings.Find(value.Key) is { Name: "Teacher:Weights" }).ToList())
        {
            if (run is "" or TeacherOptions.RandomWeights || Path.GetFileName(run) != run || File.Exists(run))
                continue;
            var folder = Path.Combine(values["Run:Folder"], run);
            if (!File.Exists(Path.Combine(folder, SharedNames.RunConfiguration)))
                continue;
            if (!File.Exists(Path.Combine(folder, SharedNames.RunResult)))
            {
                problems.Add(
                    new(name, $"{name} is '{run}', but {folder} is a run that has not ended, or a study. Name a run that has ended, or a weights file.")
                );
                continue;
            }

            if (ReadArchitecture(Path.Combine(folder, SharedNames.RunConfiguration)) is not { } architecture)
            {
                problems.Add(
                    new(
                        name,
                        $"{name} is '{run}', but {folder}/{SharedNames.RunConfiguration} does not tell its network. Name its weights file and architecture."
                    )
                );
                continue;
            }

            values[name] = Path.Combine(folder, SharedNames.StudentWeights);
            values.TryAdd(name.Replace("Weights", "Architecture", StringComparison.OrdinalIgnoreCase), architecture);
        }

        return problems;
    }

    // Null if the file is damaged.
    private static string? ReadArchitecture(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file))?["student"]?["architecture"]?.GetValue<string>();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
