using System.Diagnostics;
using Kd.Training.Artifacts;
using Kd.Training.Batches;
using Kd.Training.Control;
using Kd.Training.Curriculum;
using Kd.Training.Diagnostics;
using Kd.Training.Students;

namespace Kd.Training.Runs;

/// <summary>Trains on the batches of an epoch, starting at the step of the run's state.</summary>
/// <param name="setup">The run.</param>
/// <param name="length">Length of the run.</param>
/// <param name="plan">Chooses the samples.</param>
/// <param name="gallery">Collects the hardest and easiest samples.</param>
/// <param name="checkpoints">Holds and saves the state of the run.</param>
/// <param name="clock">Time of the run in this process.</param>
/// <param name="control">Pauses the run.</param>
/// <param name="monitor">Shows the progress.</param>
/// <param name="instruments">Instruments that record steps and waits.</param>
/// <param name="time">The clock.</param>
internal sealed class EpochTrainer(
    RunSetup setup,
    RunLength length,
    EpochPlan plan,
    SampleGallery gallery,
    RunCheckpoints checkpoints,
    RunClock clock,
    RunControl control,
    RunMonitor monitor,
    TrainingMetrics instruments,
    TimeProvider time
)
{
    private readonly KeyValuePair<string, object?> _tag = TrainingMetrics.MethodTag(setup.Method);
    private readonly SizeDecisions _sizes = new(setup, length, plan);
    private bool _isBetweenSteps;

    private RunState State
    {
        get => checkpoints.State;
        set => checkpoints.State = value;
    }

    /// <summary>Trains until the end of the epoch.</summary>
    /// <param name="student">The student.</param>
    /// <param name="span">Span of the epoch.</param>
    /// <param name="sums">Gets the sums over the epoch so far, with time and use of the teacher.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    public void Train(Student student, EpochSpan span, Func<EpochSums> sums, CancellationToken cancellation)
    {
        var batches = span.Time(SpanNames.ChooseSamples, _ => plan.CutBatches(State.Epoch));
        var steps = length.LimitBatches(batches.Count, student.Steps - State.Step);
        State = _sizes.Begin(student, State, cancellation);
        try
        {
            _isBetweenSteps = true;
            // A process that was stopped while it measured the probe has not reported yet.
            State = _sizes.Continue(student, State, (double)State.Step / batches.Count, cancellation);
            if (!HasEnded(student))
                TakeSteps(student, span, sums, batches, steps, cancellation);
        }
        catch (OperationCanceledException) when (_isBetweenSteps && State.Step > 0)
        {
            // The process is asked to end: nothing is lost.
            checkpoints.Save(student, sums());
            throw;
        }
    }

    private void TakeSteps(Student student, EpochSpan span, Func<EpochSums> sums, List<BatchPlan> batches, int steps, CancellationToken cancellation)
    {
        var (epoch, temperature) = (State.Epoch, plan.Temperature);
        foreach (var batch in setup.Batches.Open(setup.Dataset.Train).Run(PlanBatches(batches, steps), RecordWait, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            WaitWhilePaused(student, span, sums, cancellation);
            var done = length.ProgressAt(new RunPosition(epoch, student.Steps, State.Compute), (double)State.Step / batches.Count);
            var progress = new TrainingProgress(done * setup.Configuration.Training.Epochs, temperature, _sizes.ScaleAt(State, done));
            _isBetweenSteps = false;
            span.Time(SpanNames.Step, activity => Step(student, batch, progress, activity), batch.IsTraced);
            _isBetweenSteps = true;
            State = _sizes.Continue(student, State, (double)State.Step / batches.Count, cancellation);
            if (HasEnded(student))
                break;
            if (State.Step < steps && checkpoints.IsDue)
                span.Time(SpanNames.SaveCheckpoint, _ => checkpoints.Save(student, sums()));
            monitor.EndStep(epoch, State.Step, steps, (student.Steps, length.ExpectedUpdates), State.Sums.Loss / State.Sums.Samples);
        }

        void RecordWait(ReadyBatch batch, TimeSpan waited)
        {
            State = State with { Sums = State.Sums with { Waited = State.Sums.Waited + waited.TotalSeconds } };
            instruments.WaitDuration.Record(waited.TotalSeconds, _tag);
            span.Add(SpanNames.WaitForBatch, waited, batch.IsTraced);
        }
    }

    /// <summary>Measures the statistics of batch normalization on a tenth of the epoch's batches, if its last steps were taken at a smaller size.</summary>
    public void MeasureNorms(Student student, CancellationToken cancellation)
    {
        if (State.Scale >= 1)
            return;
        var batches = plan.CutBatches(State.Epoch);
        var plans = batches.Take((batches.Count + 9) / 10).Select(batch => batch with { NeedsTeacher = false });
        student.MeasureNorms(setup.Batches.Open(setup.Dataset.Train).Run(plans, (_, _) => { }, cancellation));
    }

    private bool HasEnded(Student student) => length.HasEnded(new RunPosition(State.Epoch, student.Steps, State.Compute));

    private IEnumerable<BatchPlan> PlanBatches(List<BatchPlan> batches, int steps) =>
        batches.Take(steps).Skip(State.Step).Select((batch, step) => batch with { IsTraced = TrainingTelemetry.IsTraced(step, steps, length.Epochs) });

    private void Step(Student student, ReadyBatch batch, TrainingProgress progress, Activity? activity)
    {
        var started = Stopwatch.GetTimestamp();
        var result = student.Step(batch, progress, plan.WeightsOf(batch.Samples), gallery.Choose);
        instruments.StepDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, _tag);
        instruments.Samples.Add(batch.Count, _tag);
        activity?.SetTag("kd.step", State.Step).SetTag("kd.step.loss", result.Loss);
        plan.Record(State.Epoch, State.Step, batch, result);
        gallery.Record(batch, result);
        var (soFar, cost) = (State.Sums, length.CostOf(batch.Count, progress.Scale, batch.ViewSize));
        State = State with
        {
            Step = State.Step + 1,
            Scale = progress.Scale,
            Compute = State.Compute + cost,
            Window = State.Window.Add(batch.Count, result.Loss, cost),
            Sums = soFar with
            {
                Loss = soFar.Loss + result.Loss * batch.Count,
                Samples = soFar.Samples + batch.Count,
                Times = soFar.Times + result.Times with { Render = batch.RenderSeconds },
                Size = soFar.Size + progress.Scale * batch.Count,
            },
        };
    }

    // Saves a checkpoint first, so that a paused run can be killed without loss. The pause does not count as time of the run.
    private void WaitWhilePaused(Student student, EpochSpan span, Func<EpochSums> sums, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        if (!control.WaitWhilePaused(Begin, cancellation))
            return;
        var pause = time.GetElapsedTime(started);
        clock.Exclude(pause);
        span.Add(SpanNames.Paused, pause);
        monitor.Note($"{setup.Method}: resumed");

        void Begin()
        {
            if (State.Step > 0)
                span.Time(SpanNames.SaveCheckpoint, _ => checkpoints.Save(student, sums()));
            started = time.GetTimestamp();
            monitor.Note($"{setup.Method}: paused in epoch {State.Epoch + 1}, step {State.Step}");
        }
    }
}
