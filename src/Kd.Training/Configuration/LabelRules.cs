using Kd.Settings;

namespace Kd.Training.Configuration;

/// <summary>Checks the rules of labels in parquet files, which span several settings.</summary>
internal static class LabelRules
{
    /// <summary>Finds all violations.</summary>
    public static IEnumerable<SettingProblem> FindProblems(RunConfiguration configuration)
    {
        if (ViewShard.TryParse(configuration.Run.Shard) is null)
            yield return new("Run:Shard", $"Run:Shard is '{configuration.Run.Shard}'. Expected i/n with i from 0 to n - 1, such as 0/16.");
        var problems = configuration.Run.Task is RunOptions.Label or RunOptions.ExportLabels or RunOptions.Verify
            ? FindProblemsOfTheTask(configuration)
            : FindProblemsOfTheRun(configuration);
        foreach (var problem in problems)
            yield return problem;
    }

    private static IEnumerable<SettingProblem> FindProblemsOfTheTask(RunConfiguration configuration)
    {
        var (task, labels, teachers) = (configuration.Run.Task, configuration.Labels, configuration.TeacherClient.Addresses.Count);
        if (!string.IsNullOrEmpty(labels.Path))
            yield return new("Labels:Path", $"Labels:Path is '{labels.Path}', but Run:Task={task} needs a teacher. Leave it empty.");
        if (string.IsNullOrEmpty(labels.Write))
        {
            if (task == RunOptions.ExportLabels)
                yield return new("Labels:Write", "Labels:Write is not set. Name the folder to which Run:Task=export-labels copies the stored labels.");
        }
        else if (teachers > 1 && task != RunOptions.Verify)
            yield return new(
                "Labels:Write",
                $"Labels:Write is '{labels.Write}', which gets the labels of one teacher, but there are {teachers}. Label with each of them alone, into a "
                    + "folder of its own."
            );
    }

    private static IEnumerable<SettingProblem> FindProblemsOfTheRun(RunConfiguration configuration)
    {
        var (path, study) = (configuration.Labels.Path, configuration.Run.Study);
        if (string.IsNullOrEmpty(path))
            yield break;
        if (configuration.Views.PerSample == 0)
            yield return new(
                "Views:PerSample",
                $"Views:PerSample is '0', a fresh view in every epoch, but Labels:Path is '{path}', and shards have labels of fixed views only. Set it to the "
                    + "number of views that were labeled, for example 8, or leave Labels:Path empty."
            );
        if (study is StudyKinds.Views or StudyKinds.Curriculum)
            yield return new(
                "Run:Study",
                $"Run:Study is '{study}', whose arms have views of their own, but Labels:Path is '{path}', and shards have those of one run. "
                    + "Leave Labels:Path empty, or use another study."
            );
    }
}
