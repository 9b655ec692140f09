using System.Security.Cryptography;
using System.Text.Json;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Labeling;
using Kd.StudentTrainer.Progress;
using Kd.StudentTrainer.Steering;
using Kd.StudentTrainer.Teaching;
using Kd.StudentTrainer.Training;
using Kd.Vision.Datasets;
using Kd.Vision.Runtime;

namespace Kd.StudentTrainer.Runs;

/// <summary>One piece of work, as its settings ask for it: opens the dataset, runs the study or the one method, tells the result.</summary>
internal sealed class RunWork(
    TeacherClient teacher,
    CurriculumClient agent,
    ConsoleProgress progress,
    RunControl control,
    TimeProvider time,
    ILogger<RunWork> logger
)
{
    private (string Settings, ImageDataset Dataset)? _opened;

    /// <summary>The run or study that was begun last; null before the first and for other tasks.</summary>
    public string? RunId { get; private set; }

    /// <summary>Runs the configured task.</summary>
    /// <param name="configuration">The task and its settings.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="RunStoppedException">It was stopped after an epoch.</exception>
    public void Execute(RunConfiguration configuration, CancellationToken cancellation)
    {
        TorchRuntime.EnsureLoaded();
        progress.Place(0, 0);
        RunId = null;
        switch (configuration.Run.Task)
        {
            case RunOptions.Label:
                var (views, computed) = new Prelabeler(CreateContext(configuration, configuration.Run.Task, cancellation)).Execute(
                    BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)),
                    cancellation
                );
                progress.Note($"labelled {views} views: {computed} computed now, {views - computed} were there");
                break;
            case "verify":
                progress.Note(
                    new StoreVerifier(CreateContext(configuration, configuration.Run.Task, cancellation))
                        .Execute(configuration.Run.Sample, (ulong)configuration.Run.Seed, cancellation)
                        .Summarize()
                );
                break;
            case "evaluate":
                progress.Note(new CheckpointEvaluation(CreateContext(configuration, "evaluate", cancellation)).Execute(cancellation));
                break;
            default:
                Train(configuration, cancellation);
                break;
        }
    }

    private void Train(RunConfiguration configuration, CancellationToken cancellation)
    {
        var (id, folder) = new RunFinder(configuration, time).Open();
        using var locked = folder;
        RunId = id;
        var context = CreateContext(configuration, id, cancellation);
        folder.WriteJson(RunFolder.ConfigurationFile, configuration);
        var run = configuration.Run;
        if (run.Study == StudyKinds.None && run.Seeds == 1)
        {
            progress.Finish(
                ResultTable.Headers,
                ResultTable.Rows([new TrainingRun(context, configuration.Distillation.Method, folder).Execute(cancellation)]),
                folder.Path
            );
            return;
        }

        using (logger.BeginRun(id))
            logger.StudyStarted(id, run.Study, run.Seeds, folder.Path);
        if (run.Study == StudyKinds.Curriculum)
            new CurriculumStudy(context, folder).Execute(cancellation);
        else
            progress.Finish(ResultTable.Headers, ResultTable.Rows(Compare(context, folder, cancellation)), folder.Path);
        using (logger.BeginRun(id))
            logger.StudyEnded(id);
    }

    private static IReadOnlyList<RunResult> Compare(RunContext context, RunFolder folder, CancellationToken cancellation)
    {
        var configuration = context.Configuration;
        var study = new Study(context, folder, configuration.Run.Seeds > 1);
        if (configuration.Run.Study != StudyKinds.None)
            study.RunTeacher(cancellation);
        study.RunAll(StudyArm.All(configuration), cancellation);
        folder.WriteText(RunFolder.TableFile, ResultTable.ToMarkdown(study.Rows));
        return study.Rows;
    }

    private RunContext CreateContext(RunConfiguration configuration, string id, CancellationToken cancellation)
    {
        var dataset = Open(configuration.Dataset, cancellation);
        var planner = DatasetLoader.PlanViews(dataset, configuration.Views.Size, configuration.Views.Seed);
        progress.Note(dataset.Description);
        foreach (var split in dataset.Splits.Where(split => split.Skipped > 0))
            progress.Note($"{split.Skipped} corrupt pictures of the {split.Name} split are left out (Dataset:Corrupt=Skip)");
        if (
            configuration.Run.Task == "evaluate"
            || (configuration.Run is { Study: StudyKinds.None, Task: "train" } && !Methods.UsesTeacher(configuration.Distillation.Method))
        )
            return new RunContext(id, configuration, dataset, planner, null, null, agent, progress, control, time, logger);
        var description = teacher.DescribeAsync(dataset.ClassNames, cancellation).GetAwaiter().GetResult();
        progress.Note($"teacher {description.Architecture} ({description.Parameters} parameters), weights {description.Weights}, on {description.Device}");
        if (description.InputSize != planner.Size)
            progress.Note($"the teacher was made for {description.InputSize} px and gets views of {planner.Size} px (Views:Size)");
        return new RunContext(id, configuration, dataset, planner, teacher, description, agent, progress, control, time, logger);
    }

    // The next run from the page mostly wants the same pictures, which may have taken minutes to check and decode.
    private ImageDataset Open(DatasetOptions options, CancellationToken cancellation)
    {
        var settings = JsonSerializer.Serialize(options);
        if (_opened is not { } opened || opened.Settings != settings)
        {
            // Before the next one is loaded: two may not fit into memory.
            _opened = null;
            _opened = opened = (settings, DatasetLoader.Load(options, cancellation));
        }

        return opened.Dataset;
    }
}
