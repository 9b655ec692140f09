using Kd.Core.Randomness;
using Kd.Protocol.Curriculum.V1;
using Kd.Training.Artifacts;
using Kd.Training.Batches;
using Kd.Training.Curriculum;
using Kd.Training.Students;

namespace Kd.Training.Runs;

/// <summary>
/// Has the agent decide about the size of the student's input after every Curriculum:Every updates: measures the distillation loss on a probe, training
/// pictures in a view of their own, and reports its fall.
/// </summary>
/// <param name="setup">The run.</param>
/// <param name="length">Length of the run.</param>
/// <param name="plan">Reports to the agent, and holds its target.</param>
internal sealed class SizeDecisions(RunSetup setup, RunLength length, EpochPlan plan)
{
    private const ulong ProbeStream = 0x9208E;

    // Far from the indexes of the epochs, if each has a view of its own.
    private const int FreshView = 1 << 24;
    private List<ReadyBatch>? _probe;

    /// <summary>Gets the size of the next update as a share of the view's.</summary>
    /// <param name="state">State before the update.</param>
    /// <param name="progress">Share of the run that is done.</param>
    public double ScaleAt(RunState state, double progress)
    {
        var curriculum = setup.Configuration.Curriculum;
        return plan.DecidesSize && state.Window.Updates >= curriculum.Every - curriculum.Settle ? 1 : plan.ScaleAt(progress);
    }

    /// <summary>Measures the probe before the first update of the run.</summary>
    public RunState Begin(Student student, RunState state, CancellationToken cancellation)
    {
        if (!plan.DecidesSize || state.Window.ProbeLoss is not null)
            return state;
        plan.CountViews(ProbeSize);
        return state with { Window = state.Window with { ProbeLoss = Measure(student, cancellation) }, Compute = state.Compute + ProbeCost };
    }

    /// <summary>Reports the window after its last update, and adopts the next target.</summary>
    /// <param name="student">The student.</param>
    /// <param name="state">State after an update.</param>
    /// <param name="share">Share of the epoch that is done.</param>
    /// <param name="cancellation">Cancels measurement and report.</param>
    public RunState Continue(Student student, RunState state, double share, CancellationToken cancellation)
    {
        var isLast = state.Window.Updates > 0 && length.HasEnded(new RunPosition(state.Epoch, student.Steps, state.Compute));
        var isOver = plan.DecidesSize && (isLast || state.Window.Updates >= setup.Configuration.Curriculum.Every);
        return isOver ? End(student, state, share, cancellation) : state;
    }

    private RunState End(Student student, RunState state, double share, CancellationToken cancellation)
    {
        var (window, size) = (state.Window, plan.Target!.Size);
        var loss = Measure(student, cancellation);
        state = state with { Compute = state.Compute + ProbeCost };
        var perUpdate = length.CostOf(setup.Configuration.Training.BatchSize, 1, setup.Batches.ViewSize);
        var probe = new Probe
        {
            LossBefore = window.ProbeLoss!.Value,
            LossAfter = loss,
            Updates = window.Updates,
            Cost = window.Compute / perUpdate,
        };
        var progress = length.ProgressAt(new RunPosition(state.Epoch, student.Steps, state.Compute), share);
        var reward = plan.Report(window.Index, probe, window.Loss / window.Samples, progress, cancellation);
        return state with
        {
            Window = new DecisionWindow { Index = window.Index + 1, ProbeLoss = loss },
            Sums = state.Sums with { Decisions = [.. state.Sums.Decisions, new SizeDecision(size, probe.Cost, loss, reward.Total)] },
        };
    }

    // A forward pass is about a third of an update.
    private double ProbeCost => length.CostOf(ProbeSize, 1, setup.Batches.ViewSize) / 3;

    private int ProbeSize => Math.Min(setup.Configuration.Curriculum.Probe, setup.Dataset.Train.Count);

    private double Measure(Student student, CancellationToken cancellation)
    {
        _probe ??= [.. setup.Batches.Open(setup.Dataset.Train).Run(PlanProbe(), (_, _) => { }, cancellation)];
        return _probe.Sum(batch => student.MeasureLoss(batch, setup.Configuration.Distillation.Temperature) * batch.Count) / ProbeSize;
    }

    private IEnumerable<BatchPlan> PlanProbe()
    {
        var (settings, samples) = (setup.Configuration, Enumerable.Range(0, setup.Dataset.Train.Count).ToArray());
        new CounterRandom((ulong)settings.Run.Seed, ProbeStream).Shuffle(samples.AsSpan());
        var view = settings.Views.PerSample > 0 ? settings.Views.PerSample : FreshView;
        return BatchPlan.Cut(samples[..ProbeSize], settings.Training.BatchSize).Select(batch => new BatchPlan(batch, view, NeedsTeacher: true));
    }
}
