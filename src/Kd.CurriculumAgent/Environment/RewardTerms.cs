namespace Kd.CurriculumAgent.Environment;

/// <summary>What an epoch earned.</summary>
/// <param name="AccuracyChange">R_acc = 2 (a_t - a_(t-1)) where a_(t-1) is above 0, else 0.</param>
/// <param name="LossRise">R_loss = -min(5 max(l_t - l_(t-1), 0), 5); 0 in the first epoch.</param>
/// <param name="Early">R_early = 2 where a_t is above 60 and e below 0.3 E.</param>
/// <param name="Level">R_abs = 0.1 max(a_t - 70, 0).</param>
internal readonly record struct RewardTerms(double AccuracyChange, double LossRise, double Early, double Level)
{
    /// <summary>The reward: the sum of the terms.</summary>
    public double Total => AccuracyChange + LossRise + Early + Level;

    /// <summary>Computes the terms. Source: docs/architecture.md, "Reward".</summary>
    /// <param name="previous">The epoch before, or null in the first.</param>
    /// <param name="current">The finished epoch.</param>
    /// <param name="finished">e: finished epochs, this one included.</param>
    /// <param name="epochs">E: epochs of the run.</param>
    public static RewardTerms Compute(EpochResult? previous, EpochResult current, int finished, int epochs) =>
        new(
            previous is { Accuracy: > 0 } ? 2 * (current.Accuracy - previous.Value.Accuracy) : 0,
            previous is null ? 0 : -Math.Min(5 * Math.Max(current.Loss - previous.Value.Loss, 0), 5),
            current.Accuracy > 60 && finished < 0.3 * epochs ? 2 : 0,
            0.1 * Math.Max(current.Accuracy - 70, 0)
        );
}

/// <summary>What the trainer measured in an epoch.</summary>
/// <param name="Accuracy">Validation accuracy, percent.</param>
/// <param name="Loss">Mean training loss.</param>
/// <param name="Difficulty">Mean difficulty, 0 to 1.</param>
/// <param name="Progress">Share of the run's updates that are done; null: finished epochs by all.</param>
/// <param name="ManualTemperature">In force instead of the decided one.</param>
/// <param name="ManualThreshold">In force instead of the decided one.</param>
internal readonly record struct EpochResult(
    double Accuracy,
    double Loss,
    double Difficulty,
    double? Progress = null,
    double? ManualTemperature = null,
    double? ManualThreshold = null
)
{
    /// <summary>Whether somebody had set temperature or threshold by hand.</summary>
    public bool IsManual => ManualTemperature is not null || ManualThreshold is not null;
}
