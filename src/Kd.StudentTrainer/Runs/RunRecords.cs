namespace Kd.StudentTrainer.Runs;

/// <summary>A line of metrics.jsonl.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Loss">Mean training loss.</param>
/// <param name="ValidationAccuracy">Percent.</param>
/// <param name="Samples">Samples trained on.</param>
/// <param name="Seconds">Duration of the epoch, validation included.</param>
/// <param name="ImagesPerSecond">Samples by the time of the training part.</param>
/// <param name="WaitSeconds">Time that steps waited for their batches.</param>
/// <param name="CacheHits">Views answered from the teacher's cache.</param>
/// <param name="TeacherComputed">Views that the teacher computed.</param>
/// <param name="Temperature">Softmax temperature in force; null for labels.</param>
/// <param name="Threshold">Difficulty threshold in force; null without a curriculum.</param>
/// <param name="Difficulty">Mean difficulty; null without a teacher.</param>
/// <param name="Refreshed">Samples whose difficulty was measured without training on them.</param>
/// <param name="Reward">Reward of the epoch; null without a curriculum or while the agent is away.</param>
/// <param name="DifficultyHistogram">Measured samples by tenth of the scale, easiest first; null without a teacher.</param>
/// <param name="MemoryBytes">Resident size of the trainer's process at the epoch's end.</param>
/// <param name="RewardTerms">What the reward is the sum of; null like it.</param>
/// <param name="Manual">Whether temperature or threshold were set by hand.</param>
/// <param name="Times">Where the steps' time went.</param>
public sealed record EpochMetrics(
    int Epoch,
    double Loss,
    double ValidationAccuracy,
    long Samples,
    double Seconds,
    double ImagesPerSecond,
    double WaitSeconds,
    long CacheHits,
    long TeacherComputed,
    double? Temperature,
    double? Threshold,
    double? Difficulty,
    int Refreshed,
    double? Reward,
    int[]? DifficultyHistogram = null,
    long MemoryBytes = 0,
    RewardTerms? RewardTerms = null,
    bool Manual = false,
    StepTimes Times = default
);

/// <summary>The four terms of a reward.</summary>
public sealed record RewardTerms(double AccuracyChange, double LossRise, double Early, double Level);

/// <summary>A row of the table: how a method did.</summary>
/// <param name="Method">teacher, or one of the methods.</param>
/// <param name="Correct">Test images that were classified right.</param>
/// <param name="TestImages">Test images.</param>
/// <param name="SamplesSeen">Samples trained on, over all epochs.</param>
/// <param name="TeacherComputed">Views that the teacher computed for this row.</param>
/// <param name="CacheHits">Views that its cache answered.</param>
/// <param name="Seconds">Wall time.</param>
/// <param name="BestEpoch">Epoch of the tested weights, from 0; null for the teacher.</param>
/// <param name="ValidationAccuracy">Percent, of the tested weights; null for the teacher.</param>
/// <param name="LastCorrect">Test images that the last epoch's weights classify right; null for the teacher.</param>
/// <param name="Seed">Run:Seed of the repetition.</param>
/// <param name="Updates">Steps of the optimiser.</param>
/// <param name="TeacherViews">Views that the teacher would have computed with an empty cache.</param>
internal sealed record RunResult(
    string Method,
    int Correct,
    int TestImages,
    long SamplesSeen,
    long TeacherComputed,
    long CacheHits,
    double Seconds,
    int? BestEpoch,
    double? ValidationAccuracy,
    int? LastCorrect = null,
    long Seed = 1,
    long Updates = 0,
    long TeacherViews = 0
)
{
    /// <summary>Percent, of the weights with the best validation accuracy.</summary>
    public double TestAccuracy => 100.0 * Correct / TestImages;

    /// <summary>Percent, of the last epoch's weights.</summary>
    public double? LastAccuracy => 100.0 * LastCorrect / TestImages;
}
