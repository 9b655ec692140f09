namespace Kd.CurriculumAgent.Decisions;

/// <summary>Terms of the reward for an epoch.</summary>
/// <param name="AccuracyChange">R_acc = 2 (a_t - a_(t-1)) where a_(t-1) is above 0, else 0.</param>
/// <param name="LossRise">R_loss = -min(5 max(l_t - l_(t-1), 0), 5); 0 in the first epoch.</param>
/// <param name="Early">R_early = 2 where a_t is above 60 and e below 0.3 E.</param>
/// <param name="Level">R_abs = 0.1 max(a_t - 70, 0).</param>
internal readonly record struct RewardTerms(double AccuracyChange, double LossRise, double Early, double Level)
{
    /// <summary>Fall of the probe's loss per unit of compute, the only term of a run with sizes.</summary>
    public double Fall { get; init; }

    /// <summary>The reward, which is the sum of the terms.</summary>
    public double Total => AccuracyChange + LossRise + Early + Level + Fall;

    /// <summary>Computes ln(d_before / d_after) per 100 updates at full size.</summary>
    public static RewardTerms OfProbe(ProbeResult probe) => new() { Fall = 100 * probe.Fall / probe.Cost };

    /// <summary>Computes the terms. Source: docs/architecture.md, "Reward".</summary>
    /// <param name="previous">Result of the epoch before, or null in the first one.</param>
    /// <param name="current">Result of the finished epoch.</param>
    /// <param name="finished">Number of finished epochs e, including this one.</param>
    /// <param name="epochs">Number of epochs E of the run.</param>
    public static RewardTerms Compute(EpochResult? previous, EpochResult current, int finished, int epochs) =>
        new(
            previous is { Accuracy: > 0 } ? 2 * (current.Accuracy - previous.Value.Accuracy) : 0,
            previous is null ? 0 : -Math.Min(5 * Math.Max(current.Loss - previous.Value.Loss, 0), 5),
            current.Accuracy > 60 && finished < 0.3 * epochs ? 2 : 0,
            0.1 * Math.Max(current.Accuracy - 70, 0)
        );
}
