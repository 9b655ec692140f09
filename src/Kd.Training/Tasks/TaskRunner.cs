using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Reports;
using Kd.Training.Runs;
using Kd.Training.Teaching;
using Kd.Vision.Runtime;

namespace Kd.Training.Tasks;

/// <summary>Runs the task that the settings name, and shows its result.</summary>
internal sealed class TaskRunner(
    BatchSourceFactory sources,
    TeacherGroup teachers,
    Trainer trainer,
    StudyRunner studies,
    StudyWorker worker,
    RunMonitor monitor,
    TimeProvider time
)
{
    /// <summary>Id of the run or study that was started last; null before the first one and for other tasks.</summary>
    public string? RunId { get; private set; }

    /// <summary>Runs the configured task.</summary>
    /// <param name="configuration">The settings.</param>
    /// <param name="begun">Called with the name of the run or study that is started or continued.</param>
    /// <param name="cancellation">Cancels the task.</param>
    /// <exception cref="RunStoppedException">The run was stopped after an epoch.</exception>
    public void Execute(RunConfiguration configuration, Action<string> begun, CancellationToken cancellation)
    {
        TorchRuntime.EnsureLoaded();
        monitor.SetStudyPosition(0, 0);
        RunId = null;
        switch (configuration.Run.Task)
        {
            case RunOptions.Label or RunOptions.ExportLabels:
                monitor.Note(new Labeling(configuration, sources.Open(configuration, cancellation).Batches, teachers, monitor).Execute(cancellation));
                break;
            case RunOptions.Verify:
                Verify(configuration, cancellation);
                break;
            case RunOptions.Evaluate:
                monitor.Note(new CheckpointEvaluation(configuration, sources.Open(configuration, cancellation).Batches.Labeled, time).Execute(cancellation));
                break;
            case RunOptions.Predict:
                monitor.Note(new Prediction(configuration, time).Execute(cancellation));
                break;
            case RunOptions.Work:
                worker.Execute(cancellation);
                break;
            default:
                Train(configuration, begun, cancellation);
                break;
        }
    }

    private void Verify(RunConfiguration configuration, CancellationToken cancellation)
    {
        var verifier = new StoreVerifier(sources.Open(configuration, cancellation).Batches, teachers.Teachers, configuration.Views.PerSample, monitor);
        monitor.Note(verifier.Execute(configuration.Run.Sample, (ulong)configuration.Run.Seed, cancellation).Summarize());
    }

    private void Train(RunConfiguration configuration, Action<string> begun, CancellationToken cancellation)
    {
        var (id, folder) = new RunFinder(configuration, time).Open(monitor.Note, cancellation);
        using var locked = folder;
        RunId = id;
        var setup = sources.OpenRun(id, configuration, folder, cancellation);
        // Not before all is well, and only by the first process of a study: others share its new runs.
        if (configuration.Run.Resume == "never" && folder.IsLocked)
            folder.StartOver();
        folder.WriteAlone(() => folder.WriteJson(RunFolder.ConfigurationFile, configuration));
        // From here on, whoever starts it again continues it.
        begun(id);
        monitor.Complete(
            configuration.Run.HasSeveralRuns ? studies.Execute(setup, cancellation) : ResultTable.Format([trainer.Train(setup, cancellation)]),
            folder.Path
        );
    }
}
