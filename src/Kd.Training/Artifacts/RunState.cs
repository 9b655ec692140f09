using Kd.Training.Curriculum;
using Kd.Training.Students;
using Kd.Training.Teaching;

namespace Kd.Training.Artifacts;

/// <summary>The part of a checkpoint besides the tensors. The next step is <see cref="Step"/> of epoch <see cref="Epoch"/>.</summary>
internal sealed record RunState
{
    /// <summary>Id of the teacher; null without one.</summary>
    public required string? TeacherId { get; init; }

    /// <summary>Index of the epoch, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>Index of the step in the epoch, from 0.</summary>
    public int Step { get; init; }

    /// <summary>Steps of the whole run so far.</summary>
    public long Steps { get; init; }

    /// <summary>Compute spent, in epochs at the full size of the views.</summary>
    public double Compute { get; init; }

    /// <summary>Size of the student's input in the last step, as a share of the view's.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>The window of updates since the agent's last decision about the size.</summary>
    public DecisionWindow Window { get; init; } = new();

    /// <summary>Sums over the epoch so far.</summary>
    public EpochSums Sums { get; init; } = new();

    /// <summary>The best finished epoch.</summary>
    public BestEpoch Best { get; init; } = BestEpoch.None;

    /// <summary>Samples trained on in finished epochs.</summary>
    public long Seen { get; init; }

    /// <summary>Use of the teacher so far.</summary>
    public TeacherUsage Usage { get; init; }

    /// <summary>Duration of the run so far, seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>The curriculum target in force, as protobuf's JSON; null without a curriculum.</summary>
    public string? Target { get; init; }

    /// <summary>Id of the run for the agent; null in checkpoints of earlier versions.</summary>
    public string? AgentRun { get; init; }

    /// <summary>Values set manually for this epoch.</summary>
    public ManualTarget? InForce { get; init; }

    /// <summary>Values set manually for the coming epochs.</summary>
    public ManualTarget? Coming { get; init; }

    /// <summary>Checksum of the dataset to which difficulties and order belong; null in checkpoints of earlier versions.</summary>
    public string? Dataset { get; init; }
}

/// <summary>Sums over the steps of an epoch.</summary>
internal sealed record EpochSums
{
    /// <summary>Sum of the losses of all samples.</summary>
    public double Loss { get; init; }

    /// <summary>Samples trained on.</summary>
    public long Samples { get; init; }

    /// <summary>Time that steps waited for their batches, seconds.</summary>
    public double Waited { get; init; }

    /// <summary>Duration so far, seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>Views answered from the teacher's cache.</summary>
    public long Hits { get; init; }

    /// <summary>Views computed by the teacher.</summary>
    public long Computed { get; init; }

    /// <summary>Time by kind of work.</summary>
    public StepTimes Times { get; init; }

    /// <summary>Sum over the samples of the size of the student's input, as a share of the view's.</summary>
    public double Size { get; init; }

    /// <summary>Decisions about the size that have ended.</summary>
    public IReadOnlyList<SizeDecision> Decisions { get; init; } = [];
}

/// <summary>Sums over the updates since the agent's last decision about the size.</summary>
internal sealed record DecisionWindow
{
    /// <summary>Index of the decision, from 0.</summary>
    public int Index { get; init; }

    /// <summary>Updates so far.</summary>
    public int Updates { get; init; }

    /// <summary>Sum of the losses of all samples.</summary>
    public double Loss { get; init; }

    /// <summary>Samples trained on.</summary>
    public long Samples { get; init; }

    /// <summary>Compute spent, in epochs at the full size of the views.</summary>
    public double Compute { get; init; }

    /// <summary>Loss on the probe before the window; null before the first measurement.</summary>
    public double? ProbeLoss { get; init; }

    /// <summary>Adds an update.</summary>
    public DecisionWindow Add(int samples, double loss, double cost) =>
        this with
        {
            Updates = Updates + 1,
            Loss = Loss + loss * samples,
            Samples = Samples + samples,
            Compute = Compute + cost,
        };
}

/// <summary>The epoch with the best validation accuracy.</summary>
/// <param name="Epoch">Index of the epoch, from 0.</param>
/// <param name="Accuracy">Percent; -1 before the first epoch.</param>
internal sealed record BestEpoch(int Epoch, double Accuracy)
{
    /// <summary>The value before the first epoch.</summary>
    public static BestEpoch None { get; } = new(0, -1);
}
