using Kd.Training.Students;

namespace Kd.Training.Artifacts;

/// <summary>A line of metrics.jsonl: one epoch of a run.</summary>
public sealed record EpochMetrics
{
    /// <summary>Index of the epoch, from 0.</summary>
    public required int Epoch { get; init; }

    /// <summary>Mean training loss.</summary>
    public required double Loss { get; init; }

    /// <summary>Accuracy on the validation images, percent.</summary>
    public required double ValidationAccuracy { get; init; }

    /// <summary>Samples trained on.</summary>
    public required long Samples { get; init; }

    /// <summary>Duration of the epoch including validation, seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Samples divided by the duration of the training part.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>Time that steps waited for their batches, seconds.</summary>
    public required double WaitSeconds { get; init; }

    /// <summary>Views answered from the teacher's cache.</summary>
    public required long CacheHits { get; init; }

    /// <summary>Views computed by the teacher.</summary>
    public required long TeacherComputed { get; init; }

    /// <summary>Softmax temperature; null without a teacher.</summary>
    public double? Temperature { get; init; }

    /// <summary>Difficulty threshold; null without a curriculum.</summary>
    public double? Threshold { get; init; }

    /// <summary>Mean difficulty; null without a teacher.</summary>
    public double? Difficulty { get; init; }

    /// <summary>Samples whose difficulty was measured without training on them.</summary>
    public int Refreshed { get; init; }

    /// <summary>Reward of the epoch; null without a curriculum or while the agent is unavailable.</summary>
    public double? Reward { get; init; }

    /// <summary>Number of measured samples by tenth of the difficulty scale, easiest first; null without a teacher.</summary>
    public int[]? DifficultyHistogram { get; init; }

    /// <summary>Resident size of the trainer's process at the end of the epoch, bytes.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Terms of the reward; null if the reward is null.</summary>
    public RewardTerms? RewardTerms { get; init; }

    /// <summary>Mean size of the student's input, as a share of the view's; null without a curriculum.</summary>
    public double? Size { get; init; }

    /// <summary>Decisions about the size that ended in this epoch; null without them.</summary>
    public IReadOnlyList<SizeDecision>? Decisions { get; init; }

    /// <summary>Whether temperature or threshold were set manually.</summary>
    public bool Manual { get; init; }

    /// <summary>Time of the steps by kind of work.</summary>
    public StepTimes Times { get; init; }
}

/// <summary>A decision of the agent about the size of the student's input, and what came of it.</summary>
/// <param name="Size">The size as a share of the view's.</param>
/// <param name="Cost">Cost in updates at the full size.</param>
/// <param name="ProbeLoss">Loss on the probe afterwards.</param>
/// <param name="Reward">The agent's reward; null in runs of earlier versions that went on without it.</param>
public sealed record SizeDecision(double Size, double Cost, double ProbeLoss, double? Reward);

/// <summary>The four terms of a reward.</summary>
/// <param name="AccuracyChange">Term for the change in validation accuracy.</param>
/// <param name="LossRise">Penalty for a rising loss.</param>
/// <param name="Early">Bonus for accuracy early in the run.</param>
/// <param name="Level">Term for the level of accuracy.</param>
public sealed record RewardTerms(double AccuracyChange, double LossRise, double Early, double Level);
