using System.Text.Json;
using Kd.Protocol.Teacher.V1;
using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Batches;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Diagnostics;
using Kd.Training.Evaluation;
using Kd.Training.Runs;
using Kd.Training.Shards;
using Kd.Training.Teaching;
using Kd.Vision.Datasets;

namespace Kd.Training.Tasks;

/// <summary>Opens the images, views and teacher of a task.</summary>
/// <param name="teachers">The teacher services.</param>
/// <param name="shards">The labels of Labels:Path, which replace them.</param>
/// <param name="monitor">Shows what was opened.</param>
/// <param name="instruments">Instruments of training.</param>
internal sealed class BatchSourceFactory(TeacherGroup teachers, ShardedLabels shards, RunMonitor monitor, TrainingMetrics instruments)
{
    // Samples whose views are looked up before a run begins.
    private const int Probes = 4;
    private (string Settings, ImageDataset Dataset)? _opened;

    /// <summary>Opens the images, and gets the teacher's description if the settings need a teacher.</summary>
    /// <param name="configuration">The settings.</param>
    /// <param name="cancellation">Cancels the loading, and the wait for the teacher.</param>
    public (BatchSource Batches, TeacherInfo? Teacher) Open(RunConfiguration configuration, CancellationToken cancellation)
    {
        var dataset = OpenDataset(configuration.Dataset, cancellation);
        ILogitsSource source = string.IsNullOrEmpty(configuration.Labels.Path) ? teachers : shards;
        var batches = new BatchSource
        {
            Dataset = dataset,
            Planner = DatasetLoader.PlanViews(dataset, configuration.Views.Size, configuration.Views.Seed),
            Prefetch = configuration.Run.Prefetch,
            TeacherShares = TeacherShares.Parse(configuration.Distillation.TeacherWeights, source.Usages.Count),
            Instruments = instruments,
        };
        monitor.Note(dataset.Description);
        foreach (var split in dataset.Splits.Where(split => split.Skipped > 0))
            monitor.Note($"{split.Skipped} corrupt pictures of the {split.Name} split were skipped (Dataset:Corrupt=Skip)");
        if (!NeedsTeacher(configuration))
            return (batches, null);
        batches = batches with { Teacher = source };
        var descriptions = Describe(batches, cancellation);
        if (source == shards)
            RequireLabels(batches, configuration, cancellation);
        if (dataset.IsLabeledByTeacher)
            batches = LabelByTeacher(batches, descriptions[0].Classes, cancellation);
        return (batches, TeacherInfo.Of([.. descriptions.Select(one => new TeacherInfo(one.TeacherId, one.Architecture))], batches.TeacherShares));
    }

    /// <summary>Opens the inputs of a run or study.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="configuration">The settings.</param>
    /// <param name="folder">Folder of the results.</param>
    /// <param name="cancellation">Cancels the loading, and the wait for the teacher.</param>
    public RunSetup OpenRun(string id, RunConfiguration configuration, RunFolder folder, CancellationToken cancellation)
    {
        var (batches, served) = Open(configuration, cancellation);
        return new RunSetup
        {
            Id = id,
            Method = configuration.Distillation.Method,
            Configuration = configuration,
            Batches = batches,
            Folder = folder,
            Teacher = served,
        };
    }

    private BatchSource LabelByTeacher(BatchSource batches, IReadOnlyList<string> classes, CancellationToken cancellation)
    {
        monitor.Note($"no picture has a label: the teacher's choices among its {classes.Count} classes count as right, and accuracy is agreement with it");
        // A choice of some of the teachers would be another one when the run is continued.
        var (dataset, evaluator) = (batches.Dataset, new Evaluator(batches with { NeedsAllTeachers = true }));
        var (validation, test) = (evaluator.ChooseByTeacher(dataset.Validation, cancellation), evaluator.ChooseByTeacher(dataset.Test, cancellation));
        return batches with { Dataset = dataset.LabelByTeacher(classes, validation, test) };
    }

    // Shards of another dataset, or of fewer views, are found before the run begins and not in the epoch that needs them.
    private void RequireLabels(BatchSource batches, RunConfiguration configuration, CancellationToken cancellation)
    {
        monitor.Note(shards.Summary);
        int[] samples = [.. Enumerable.Range(0, Math.Min(Probes, batches.Dataset.Train.Count))];
        for (var view = 0; view < configuration.Views.PerSample; view++)
            batches.LabelAsync(batches.ViewsOf(batches.Dataset.Train, view).Identify(samples), default, cancellation).GetAwaiter().GetResult();
    }

    private DescribeReply[] Describe(BatchSource batches, CancellationToken cancellation)
    {
        var descriptions = batches.Teacher!.DescribeAsync(batches.Dataset.ClassNames, cancellation).GetAwaiter().GetResult();
        foreach (var (name, description) in StudySummary.TeacherRows(descriptions.Length).Zip(descriptions))
        {
            monitor.Note($"{name} {description.Architecture} ({description.Parameters} parameters), weights {description.Weights}, on {description.Device}");
            if (description.InputSize != batches.ViewSize)
                monitor.Note($"the {name} expects {description.InputSize} px, but gets views of {batches.ViewSize} px (Views:Size)");
        }

        return descriptions;
    }

    private static bool NeedsTeacher(RunConfiguration configuration) =>
        configuration.Run switch
        {
            { Task: RunOptions.Evaluate } => configuration.Dataset.Path == DatasetOptions.None,
            { Study: StudyKinds.None, Task: RunOptions.Train or RunOptions.Teacher } => Methods.UsesTeacher(configuration.Distillation.Method),
            _ => true,
        };

    /// <summary>Opens images. Keeps the last ones: the next run mostly needs the same pictures, which may take minutes to check and decode.</summary>
    public ImageDataset OpenDataset(DatasetOptions options, CancellationToken cancellation)
    {
        var settings = JsonSerializer.Serialize(options);
        if (_opened is not { } opened || opened.Settings != settings)
        {
            // Releases it before the next one is loaded, since two may not fit in memory.
            _opened = null;
            _opened = opened = (settings, DatasetLoader.Load(options, cancellation));
        }

        return opened.Dataset;
    }
}
