using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Curriculum;
using Kd.Training.Diagnostics;
using Kd.Training.Evaluation;
using Kd.Training.Students;
using Kd.Vision.Checkpoints;
using Kd.Vision.Datasets;

namespace Kd.Training.Runs;

/// <summary>Trains one student with one method. The result depends only on the settings and their seeds, even if the run was stopped and resumed.</summary>
internal sealed class TrainingRun
{
    private readonly RunSetup _setup;
    private readonly RunMonitor _monitor;
    private readonly RunControl _control;
    private readonly TrainingMetrics _instruments;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly EpochPlan _plan;
    private readonly RunLength _length;
    private readonly RunClock _clock;
    private readonly SampleGallery _gallery;
    private readonly RunCheckpoints _checkpoints;
    private readonly EpochTrainer _epochs;
    private readonly Evaluator _evaluator;

    /// <summary>Creates the parts of the run.</summary>
    /// <param name="setup">The run.</param>
    /// <param name="agent">The curriculum agent.</param>
    /// <param name="monitor">Shows the run.</param>
    /// <param name="control">Controls the run.</param>
    /// <param name="instruments">Instruments of training.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives the log messages.</param>
    public TrainingRun(
        RunSetup setup,
        CurriculumClient agent,
        RunMonitor monitor,
        RunControl control,
        TrainingMetrics instruments,
        TimeProvider time,
        ILogger log
    )
    {
        (_setup, _monitor, _control, _instruments, _time, _log) = (setup, monitor, control, instruments, time, log);
        _plan = new EpochPlan($"{setup.Id}.{setup.Method}", setup.Method, setup.Configuration, setup.Batches, agent);
        _length = new RunLength(setup.Configuration, setup.Method, Dataset.Train.Count);
        _clock = new RunClock(time, setup.Batches.Teacher);
        _gallery = new SampleGallery(Dataset);
        _checkpoints = new RunCheckpoints(setup, _plan, control, monitor, _clock, time);
        _epochs = new EpochTrainer(setup, _length, _plan, _gallery, _checkpoints, _clock, control, monitor, instruments, time);
        _evaluator = new Evaluator(setup.Batches);
    }

    private ImageDataset Dataset => _setup.Dataset;

    private RunFolder Folder => _setup.Folder;

    private RunState State => _checkpoints.State;

    /// <summary>Runs the remaining epochs, then tests the weights with the best validation accuracy.</summary>
    /// <exception cref="RunStoppedException">The run was stopped after an epoch.</exception>
    public RunResult Execute(CancellationToken cancellation)
    {
        using var scope = _log.BeginRun(_setup.Id, _setup.Method);
        using var student = Student.Create(_setup.Configuration, _setup.Method, Dataset.ClassNames.Count, _setup.Batches.ViewSize);
        _monitor.StartRun(_setup.Method, _length.Epochs, student.Parameters, Folder.Path);
        _log.RunStarted(_setup.Id, _setup.Method, _length.Epochs, student.Parameters, Folder.Path);
        Begin(student, cancellation);
        using var events = OpenEvents();
        while (!HasEnded(student))
        {
            cancellation.ThrowIfCancellationRequested();
            var metrics = RunEpoch(student, cancellation);
            Folder.Guard(() => events.Append(metrics));
            if (_control.StopsAfterEpoch && !HasEnded(student))
                throw new RunStoppedException($"epoch {State.Epoch}");
        }

        // Values set manually hold for this run only, not for the next run of a study.
        _control.Set(null);
        return new TestEvaluation(_setup, _plan, _clock, _evaluator, _log).Execute(student, State, cancellation);
    }

    private void Begin(Student student, CancellationToken cancellation)
    {
        if (!_checkpoints.Resume(student))
        {
            Folder.TruncateMetrics(0);
            StartFromWeights(student);
            if (_setup.AllBatches.Dataset.Train.Count - Dataset.Train.Count is var left and > 0)
                _monitor.Note($"{_setup.Method}: does not use the {left} images without labels");
            _plan.Begin(_length.MostReports, cancellation);
        }
        else if (!HasEnded(student))
        {
            _monitor.Note($"{_setup.Method}: continues from its checkpoint at epoch {State.Epoch + 1}, step {State.Step}");
        }
    }

    private void StartFromWeights(Student student)
    {
        var options = _setup.Configuration.Student;
        if (string.IsNullOrEmpty(options.Weights))
            return;
        try
        {
            _monitor.Note($"{_setup.Method}: {student.StartFrom(options.Weights, Dataset.ClassNames)}");
        }
        catch (CheckpointException error)
        {
            var (section, network) =
                _setup.Configuration.Run.Task == RunOptions.Teacher ? (TeacherOptions.Section, "teacher") : (StudentOptions.Section, "student");
            throw new TrainingException(
                $"{section}:Weights: {error.Message} The {network} is {section}:Architecture={options.Architecture} with Student:Width={options.Width}.",
                error
            );
        }
    }

    // After the last step, the epoch that it ended in is still to be measured.
    private bool HasEnded(Student student) => State.Step == 0 && _length.HasEnded(PositionOf(student));

    private RunPosition PositionOf(Student student) => new(State.Epoch, student.Steps, State.Compute);

    private EpochMetrics RunEpoch(Student student, CancellationToken cancellation)
    {
        var epoch = State.Epoch;
        using var scope = _log.BeginEpoch(epoch);
        using var span = new EpochSpan((_setup.Id, _setup.Method), epoch, _length.Epochs, _instruments, _time);
        var (before, began) = (State.Sums, _clock.Read());
        if (State.Step == 0)
            _plan.BeginEpoch(_control.TakeForEpoch());
        var inForce = new EpochMeasurement(_plan.Temperature, _plan.Threshold, _plan.Manual is not null);
        _epochs.Train(student, span, Sums, cancellation);
        var trained = Sums();
        var measure = MeasureOrSave(student, span, trained, inForce, cancellation);
        var metrics = Summarize(epoch, trained, Sums(), measure);
        Finish(student, span, metrics);
        span.Finish(metrics, HasEnded(student) ? null : _plan.Target);
        return metrics;

        EpochSums Sums() => _clock.Add(State.Sums, before, began);
    }

    // A process that is asked to end meanwhile saves what was before, and the next one measures again. Measuring may change difficulties, and statistics of
    // the student.
    private EpochMeasurement MeasureOrSave(Student student, EpochSpan span, EpochSums trained, EpochMeasurement inForce, CancellationToken cancellation)
    {
        var before = _plan.OrdersByDifficulty || State.Scale < 1 ? span.Time(SpanNames.SaveCheckpoint, _ => _checkpoints.Capture(student, trained)) : null;
        try
        {
            return Measure(student, span, trained, inForce, cancellation);
        }
        catch (OperationCanceledException)
        {
            _checkpoints.Save(before ?? _checkpoints.Capture(student, trained));
            throw;
        }
    }

    private EpochMeasurement Measure(Student student, EpochSpan span, EpochSums trained, EpochMeasurement inForce, CancellationToken cancellation)
    {
        var epoch = State.Epoch;
        var refreshed = _plan.OrdersByDifficulty ? span.Time(SpanNames.RefreshDifficulty, _ => _plan.Refresh(student, epoch, cancellation)) : 0;
        var accuracy = span.Time(SpanNames.Validate, _ => Validate(student, cancellation));
        var loss = trained.Loss / trained.Samples;
        var reward =
            _plan.HasTarget && !_plan.DecidesSize
                ? span.Time(SpanNames.ReportEpoch, _ => _plan.Report(epoch, accuracy, loss, _length.ProgressAt(PositionOf(student)), cancellation))
                : null;
        return inForce with { Accuracy = accuracy, Refreshed = refreshed, Reward = reward };
    }

    private double Validate(Student student, CancellationToken cancellation)
    {
        _epochs.MeasureNorms(student, cancellation);
        return _evaluator.Measure(Dataset.Validation, needsTeacher: false, student.Predict, cancellation).Accuracy;
    }

    private EpochMetrics Summarize(int epoch, EpochSums trained, EpochSums all, EpochMeasurement measure)
    {
        var reward = measure.Reward;
        return new EpochMetrics
        {
            Epoch = epoch,
            Loss = trained.Loss / trained.Samples,
            ValidationAccuracy = measure.Accuracy,
            Samples = trained.Samples,
            Seconds = all.Seconds,
            ImagesPerSecond = trained.Samples / trained.Seconds,
            WaitSeconds = trained.Waited,
            CacheHits = all.Hits,
            TeacherComputed = all.Computed,
            Temperature = _setup.UsesTeacher ? measure.Temperature : null,
            Threshold = measure.Threshold,
            Difficulty = _setup.UsesTeacher ? _plan.Difficulty.Mean : null,
            Refreshed = measure.Refreshed,
            Reward = _plan.DecidesSize ? trained.Decisions.Average(decision => decision.Reward) : reward?.Total,
            DifficultyHistogram = _setup.UsesTeacher ? _plan.Difficulty.Histogram() : null,
            MemoryBytes = Environment.WorkingSet,
            RewardTerms = reward is null ? null : new RewardTerms(reward.AccuracyChange, reward.LossRise, reward.Early, reward.Level),
            Manual = measure.IsManual,
            Size = _plan.HasTarget ? trained.Size / trained.Samples : null,
            Decisions = _plan.DecidesSize ? trained.Decisions : null,
            Times = trained.Times with { Wait = trained.Waited },
        };
    }

    // Writes weights and metrics before the checkpoint that relies on them. If the process ends in between, the epoch is repeated with identical results.
    private void Finish(Student student, EpochSpan span, EpochMetrics metrics)
    {
        var best = metrics.ValidationAccuracy > State.Best.Accuracy ? new BestEpoch(metrics.Epoch, metrics.ValidationAccuracy) : State.Best;
        span.Time(
            SpanNames.SaveResults,
            _ =>
            {
                Folder.Guard(() => student.Save(Folder.LastWeights, Dataset.ClassNames));
                if (best != State.Best)
                    Folder.Guard(() => student.Save(Folder.BestWeights, Dataset.ClassNames));
                _gallery.Write(Folder, metrics.Epoch);
                Folder.AppendMetrics(metrics);
            }
        );
        _plan.EndEpoch();
        _checkpoints.State = State with { Epoch = metrics.Epoch + 1, Step = 0, Sums = new EpochSums(), Best = best, Seen = State.Seen + metrics.Samples };
        span.Time(SpanNames.SaveCheckpoint, _ => _checkpoints.Save(student));
        _monitor.EndEpoch(metrics);
        _log.EpochEnded(metrics.Loss, metrics.ValidationAccuracy, metrics.Samples, metrics.Seconds, metrics.CacheHits, metrics.TeacherComputed);
    }

    private TensorBoardLog OpenEvents()
    {
        TensorBoardLog? events = null;
        Folder.Guard(() => events = new TensorBoardLog(Folder.Path, Folder.ReadMetrics(), _time));
        return events!;
    }
}
