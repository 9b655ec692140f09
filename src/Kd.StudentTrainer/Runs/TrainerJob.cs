using System.Security.Cryptography;
using Kd.ServiceDefaults.Settings;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Labeling;
using Kd.StudentTrainer.Progress;
using Kd.StudentTrainer.Steering;
using Kd.StudentTrainer.Teaching;
using Kd.StudentTrainer.Training;
using Kd.Vision.Checkpoints;
using Kd.Vision.Datasets;
using Kd.Vision.Runtime;

namespace Kd.StudentTrainer.Runs;

/// <summary>Does the work of the process: opens the dataset, runs the study or the one method, tells the result and ends the process.</summary>
internal sealed class TrainerJob(
    RunConfiguration configuration,
    TeacherClient teacher,
    CurriculumClient agent,
    ConsoleProgress progress,
    RunControl control,
    TimeProvider time,
    RunOutcome outcome,
    IHostApplicationLifetime lifetime,
    ILogger<TrainerJob> logger) : BackgroundService
{
    private const int InternalError = 1;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not before the web server is bound: an end that comes sooner, by a user's mistake, would cancel the start and read like a crash.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (lifetime.ApplicationStarted.Register(() => started.TrySetResult()))
        using (stoppingToken.Register(() => started.TrySetResult()))
            await started.Task;
        if (stoppingToken.IsCancellationRequested)
            return;
        // A thread of its own: steps must not wait for the thread pool, nor hold one of its threads for hours.
        await Task.Factory.StartNew(() => Run(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        lifetime.StopApplication();
    }

    private void Run(CancellationToken cancellation)
    {
        try
        {
            outcome.ExitCode = InternalError;
            Execute(cancellation);
            outcome.ExitCode = 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            progress.Note("stopped before its end; the same command starts it again");
        }
        catch (RunStoppedException stopped)
        {
            outcome.ExitCode = 0;
            progress.Note(stopped.Message);
        }
        catch (Exception error) when (ServiceProgram.FindUserError(error, IsUserError) is { } message)
        {
            outcome.ExitCode = ServiceProgram.UsageError;
            progress.Error(message);
        }
        catch (Exception error)
        {
            logger.RunFailed(error);
        }
    }

    private void Execute(CancellationToken cancellation)
    {
        TorchRuntime.EnsureLoaded();
        switch (configuration.Run.Task)
        {
            case "label":
                var (views, computed) = new Prelabeler(CreateContext(configuration.Run.Task, cancellation)).Execute(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)), cancellation);
                progress.Note($"labelled {views} views: {computed} computed now, {views - computed} were there");
                break;
            case "verify":
                progress.Note(new StoreVerifier(CreateContext(configuration.Run.Task, cancellation)).Execute(configuration.Run.Sample, (ulong)configuration.Run.Seed, cancellation).Summarize());
                break;
            case "evaluate":
                progress.Note(new CheckpointEvaluation(CreateContext("evaluate", cancellation)).Execute(cancellation));
                break;
            default:
                Train(cancellation);
                break;
        }
    }

    private void Train(CancellationToken cancellation)
    {
        var (id, folder) = new RunFinder(configuration, time).Open();
        using var locked = folder;
        var context = CreateContext(id, cancellation);
        folder.WriteJson(RunFolder.ConfigurationFile, configuration);
        var run = configuration.Run;
        if (run.Study == StudyKinds.Curriculum)
        {
            new CurriculumStudy(context, folder).Execute(cancellation);
            return;
        }

        var rows = run.Study != StudyKinds.None || run.Seeds > 1
            ? Compare(context, folder, cancellation)
            : [new TrainingRun(context, configuration.Distillation.Method, folder).Execute(cancellation)];
        progress.Finish(ResultTable.Headers, ResultTable.Rows(rows), folder.Path);
    }

    private IReadOnlyList<RunResult> Compare(RunContext context, RunFolder folder, CancellationToken cancellation)
    {
        var study = new Study(context, folder, configuration.Run.Seeds > 1);
        if (configuration.Run.Study != StudyKinds.None)
            study.RunTeacher(cancellation);
        study.RunAll(StudyArm.All(configuration), cancellation);
        folder.WriteText(RunFolder.TableFile, ResultTable.ToMarkdown(study.Rows));
        return study.Rows;
    }

    private RunContext CreateContext(string id, CancellationToken cancellation)
    {
        var dataset = DatasetLoader.Load(configuration.Dataset, cancellation);
        var planner = DatasetLoader.PlanViews(dataset, configuration.Views.Size, configuration.Views.Seed);
        progress.Note(dataset.Description);
        foreach (var split in dataset.Splits.Where(split => split.Skipped > 0))
            progress.Note($"{split.Skipped} corrupt pictures of the {split.Name} split are left out (Dataset:Corrupt=Skip)");
        if (configuration.Run.Task == "evaluate" || (configuration.Run is { Study: StudyKinds.None, Task: "train" } && !Methods.UsesTeacher(configuration.Distillation.Method)))
            return new RunContext(id, configuration, dataset, planner, null, null, agent, progress, control, time);
        var description = teacher.DescribeAsync(dataset.ClassNames, cancellation).GetAwaiter().GetResult();
        progress.Note($"teacher {description.Architecture} ({description.Parameters} parameters), weights {description.Weights}, on {description.Device}");
        if (description.InputSize != planner.Size)
            progress.Note($"the teacher was made for {description.InputSize} px and gets views of {planner.Size} px (Views:Size)");
        return new RunContext(id, configuration, dataset, planner, teacher, description, agent, progress, control, time);
    }

    private static bool IsUserError(Exception error) => error is TrainingException or DatasetException or CheckpointException or TorchLoadException or Kd.Vision.Imaging.CorruptImageException;
}

/// <summary>The job's log messages.</summary>
internal static partial class JobLog
{
    [LoggerMessage(10, LogLevel.Error, "The run failed")]
    public static partial void RunFailed(this ILogger logger, Exception error);
}
