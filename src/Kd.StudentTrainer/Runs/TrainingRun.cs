using System.Diagnostics;
using Kd.Protocol.Curriculum.V1;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Checkpoints;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Diagnostics;
using Kd.StudentTrainer.Reports;
using Kd.StudentTrainer.Steering;
using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Runs;

/// <summary>Trains one student by one method. Everything follows from the configuration and its seeds, also when it was stopped and goes on from a checkpoint.</summary>
internal sealed class TrainingRun
{
    private readonly RunContext _context;
    private readonly string _method;
    private readonly RunFolder _folder;
    private readonly RunConfiguration _configuration;
    private readonly Course _course;
    private readonly RunLength _length;
    private readonly SampleGallery _gallery;
    private readonly CheckpointStore _checkpoints;
    private readonly RunClock _clock;
    private RunState _state;
    private long _saved;

    public TrainingRun(RunContext context, string method, RunFolder folder)
    {
        (_context, _method, _folder, _configuration) = (context, method, folder, context.Configuration);
        (_course, _checkpoints) = (new Course(context, method), new CheckpointStore(folder));
        _gallery = new SampleGallery(context.Dataset.Train, context.Dataset.ClassNames);
        _length = new RunLength(_configuration, method, context.Dataset.Train.Count);
        (_clock, _saved) = (new RunClock(context.Time, context.Teacher), context.Time.GetTimestamp());
        _state = new RunState(
            UsesTeacher ? context.TeacherDescription?.TeacherId : null,
            0,
            0,
            0,
            EpochSums.Zero,
            BestEpoch.None,
            0,
            default,
            0,
            null,
            [],
            Dataset: context.Dataset.Checksum()
        );
    }

    private bool UsesTeacher => Methods.UsesTeacher(_method);

    private int Epochs => _length.Epochs;

    /// <summary>Runs all epochs that are left, then tests the weights with the best validation accuracy.</summary>
    public RunResult Execute(CancellationToken cancellation)
    {
        using var scope = _context.Log.BeginRun(_context.Id, _method);
        using var student = Student.Create(_configuration, _method, _context.Dataset.ClassNames.Count, _context.Planner.Size);
        _context.Progress.RunStarts(_method, Epochs, student.Parameters, _folder.Path);
        _context.Log.RunStarted(_context.Id, _method, Epochs, student.Parameters, _folder.Path);
        if (!Resume(student))
            Begin(cancellation);
        using var log = OpenLog();
        while (!_length.IsOver(_state.Epoch, student.Steps))
        {
            cancellation.ThrowIfCancellationRequested();
            var metrics = RunEpoch(student, cancellation);
            _folder.Guard(() => log.Append(metrics));
            if (_context.Control.StopsAfterEpoch && !_length.IsOver(_state.Epoch, student.Steps))
                throw new RunStoppedException($"epoch {_state.Epoch}");
        }

        // What is set by hand is for the coming epochs of this run, not for the next run of a study.
        _context.Control.Set(null);

        return new RunTest(_context, _method, _folder, _course, _clock).Execute(student, _state, cancellation);
    }

    private void Begin(CancellationToken cancellation)
    {
        _folder.KeepMetrics(0);
        _course.Begin(Epochs, cancellation);
    }

    private bool Resume(Student student)
    {
        if (_configuration.Run.Resume == "never")
            _checkpoints.Delete();
        if (_checkpoints.Load(_context.Progress.Note) is not { } found)
            return false;
        var (state, checkpoint) = found;
        if (state.TeacherId != _state.TeacherId)
            throw new TrainingException(
                $"The run in '{_folder.Path}' was taught by teacher {state.TeacherId}, and now {_state.TeacherId} is served. Start the same teacher (weights, precision, Batching:MaxBatch, Cache:TopK), or begin anew with Run:Resume=never or another Run:Id."
            );
        if (state.Dataset is { } dataset && dataset != _state.Dataset)
            throw new TrainingException(
                $"The pictures or classes in Dataset:Path have changed since the run in '{_folder.Path}' was started, and its difficulties and order belong to the old ones. Restore them, or begin anew with Run:Resume=never or another Run:Id."
            );
        student.Restore(state.Steps, checkpoint);
        _course.Restore(checkpoint, state.Target is null ? null : Target.Parser.ParseJson(state.Target), state.InForce, inEpoch: state.Step > 0);
        _context.Agent.Resume(state.Reports.Select(ReportEpochRequest.Parser.ParseJson));
        _state = state;
        if (state.Coming is { } coming)
            _context.Control.Set(coming);
        _folder.KeepMetrics(state.Epoch);
        if (!_length.IsOver(state.Epoch, state.Steps))
            _context.Progress.Note($"{_method}: goes on from its checkpoint at epoch {state.Epoch + 1}, step {state.Step}");
        return true;
    }

    private EpochMetrics RunEpoch(Student student, CancellationToken cancellation)
    {
        var epoch = _state.Epoch;
        using var scope = _context.Log.BeginEpoch(epoch);
        using var span = new EpochSpan(_context.Id, _method, epoch, Epochs, _context.Time);
        var (before, began) = (_state.Sums, _clock.Read());
        if (_state.Step == 0)
            _course.BeginEpoch(_context.Control.TakeForEpoch());
        var (temperature, threshold, manual) = (_course.Temperature, _course.Threshold, _course.Manual);
        Train(student, span, temperature, () => _clock.Add(_state.Sums, before, began), cancellation);
        var trained = _clock.Add(_state.Sums, before, began);
        var refreshed = _course.OrdersByDifficulty ? span.Time(SpanNames.RefreshDifficulty, _ => _course.Refresh(student, epoch, cancellation)) : 0;
        var accuracy = span.Time(
            SpanNames.Validate,
            _ => Evaluation.Measure(_context, _context.Dataset.Validation, needsTeacher: false, student.Predict, cancellation).Accuracy
        );
        var loss = trained.Loss / trained.Samples;
        var reward = _course.HasTarget
            ? span.Time(SpanNames.ReportEpoch, _ => _course.Report(epoch, accuracy, loss, _length.Progress(student.Steps), cancellation))
            : null;
        var all = _clock.Add(_state.Sums, before, began);
        var metrics = new EpochMetrics(
            epoch,
            loss,
            accuracy,
            trained.Samples,
            all.Seconds,
            trained.Samples / trained.Seconds,
            trained.Waited,
            all.Hits,
            all.Computed,
            UsesTeacher ? temperature : null,
            threshold,
            UsesTeacher ? _course.Difficulty.Mean : null,
            refreshed,
            reward?.Total,
            UsesTeacher ? _course.Difficulty.Histogram() : null,
            Environment.WorkingSet,
            reward is null ? null : new RewardTerms(reward.AccuracyChange, reward.LossRise, reward.Early, reward.Level),
            manual is not null,
            trained.Times with
            {
                Wait = trained.Waited,
            }
        );
        Finish(student, span, metrics);
        span.Finish(metrics, _length.IsOver(_state.Epoch, student.Steps) ? null : _course.Target);
        return metrics;
    }

    // Weights and metrics first, then the checkpoint that counts on them: whatever is lost in between is made again, to the same bits.
    private void Finish(Student student, EpochSpan span, EpochMetrics metrics)
    {
        var best = metrics.ValidationAccuracy > _state.Best.Accuracy ? new BestEpoch(metrics.Epoch, metrics.ValidationAccuracy) : _state.Best;
        span.Time(
            SpanNames.SaveResults,
            _ =>
            {
                _folder.Guard(() => student.Save(_folder.LastWeights, _context.Dataset.ClassNames));
                if (best != _state.Best)
                    _folder.Guard(() => student.Save(_folder.BestWeights, _context.Dataset.ClassNames));
                _gallery.Write(_folder, metrics.Epoch);
                _folder.AppendMetrics(metrics);
            }
        );
        _course.EndEpoch();
        _state = _state with { Epoch = metrics.Epoch + 1, Step = 0, Sums = EpochSums.Zero, Best = best, Seen = _state.Seen + metrics.Samples };
        SaveCheckpoint(student, span);
        _context.Progress.EpochEnds(_method, Epochs, metrics);
        _context.Log.EpochEnded(metrics.Loss, metrics.ValidationAccuracy, metrics.Samples, metrics.Seconds, metrics.CacheHits, metrics.TeacherComputed);
    }

    private TensorBoardLog OpenLog()
    {
        TensorBoardLog? log = null;
        _folder.Guard(() => log = new TensorBoardLog(_folder.Path, _folder.ReadMetrics(), _context.Time));
        return log!;
    }

    private void Train(Student student, EpochSpan span, double temperature, Func<EpochSums> sums, CancellationToken cancellation)
    {
        var epoch = _state.Epoch;
        var batches = BatchPlan.Cut(span.Time(SpanNames.ChooseSamples, _ => _course.Choose(epoch)), _configuration.Training.BatchSize);
        var steps = _length.Cut(batches.Count, student.Steps - _state.Step);
        var plans = batches
            .Take(steps)
            .Skip(_state.Step)
            .Select(
                (samples, step) => new BatchPlan(samples, _configuration.Views.IndexFor(epoch), UsesTeacher, TrainerTelemetry.IsTraced(step, steps, Epochs))
            );
        foreach (var batch in _context.Pipeline(_context.Dataset.Train).Run(plans, Wait, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            Pause(student, span, sums, cancellation);
            var moment = new Moment(_length.ScheduleAt(epoch, (double)_state.Step / batches.Count, student.Steps), temperature);
            span.Time(SpanNames.Step, activity => Step(student, batch, moment, activity), batch.IsTraced);
            if (_state.Step < steps && _context.Time.GetElapsedTime(_saved) >= _configuration.Run.CheckpointEvery)
                SaveCheckpoint(student, span, sums());
            _context.Progress.StepEnds(_method, epoch, Epochs, _state.Step, steps, _state.Sums.Loss / _state.Sums.Samples);
        }

        void Wait(ReadyBatch batch, TimeSpan time)
        {
            _state = _state with { Sums = _state.Sums with { Waited = _state.Sums.Waited + time.TotalSeconds } };
            TrainerTelemetry.WaitDuration.Record(time.TotalSeconds, TrainerTelemetry.MethodTag(_method));
            span.Add(SpanNames.WaitForBatch, time, batch.IsTraced);
        }
    }

    private void Step(Student student, ReadyBatch batch, Moment moment, Activity? activity)
    {
        var started = Stopwatch.GetTimestamp();
        var result = student.Step(batch, moment, _course.WeightsOf(batch.Samples), _gallery.Choose);
        TrainerTelemetry.StepDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, TrainerTelemetry.MethodTag(_method));
        TrainerTelemetry.Samples.Add(batch.Count, TrainerTelemetry.MethodTag(_method));
        activity?.SetTag("kd.step", _state.Step).SetTag("kd.step.loss", result.Loss);
        _course.Record(_state.Epoch, batch, result);
        _gallery.Record(batch, result);
        var soFar = _state.Sums;
        _state = _state with
        {
            Step = _state.Step + 1,
            Sums = soFar with
            {
                Loss = soFar.Loss + result.Loss * batch.Count,
                Samples = soFar.Samples + batch.Count,
                Times = soFar.Times + result.Times with { Render = batch.RenderSeconds },
            },
        };
    }

    // A paused run may be killed and loses nothing; the pause is no time of the run.
    private void Pause(Student student, EpochSpan span, Func<EpochSums> sums, CancellationToken cancellation)
    {
        var started = _context.Time.GetTimestamp();
        if (!_context.Control.WaitWhilePaused(Begin, cancellation))
            return;
        var pause = _context.Time.GetElapsedTime(started);
        _clock.Omit(pause);
        span.Add(SpanNames.Paused, pause);
        _context.Progress.Note($"{_method}: goes on");

        void Begin()
        {
            if (_state.Step > 0)
                SaveCheckpoint(student, span, sums());
            started = _context.Time.GetTimestamp();
            _context.Progress.Note($"{_method}: paused in epoch {_state.Epoch + 1}, step {_state.Step}");
        }
    }

    private void SaveCheckpoint(Student student, EpochSpan span, EpochSums? sums = null) =>
        span.Time(
            SpanNames.SaveCheckpoint,
            _ =>
            {
                var tensors = student.Capture();
                _course.Save(tensors);
                _checkpoints.Save(
                    _state with
                    {
                        Steps = student.Steps,
                        Sums = sums ?? _state.Sums,
                        Usage = _state.Usage + _clock.Read().Usage,
                        Seconds = _state.Seconds + _clock.Read().Time.TotalSeconds,
                        Target = _course.Target?.ToString(),
                        InForce = _course.Manual,
                        Coming = _context.Control.Manual,
                        Reports = [.. _context.Agent.Waiting.Select(report => report.ToString())],
                    },
                    tensors
                );
                _saved = _context.Time.GetTimestamp();
            }
        );
}
