namespace Kd.CurriculumAgent.Decisions;

/// <summary>The trainer's measurements of an epoch.</summary>
/// <param name="Accuracy">Validation accuracy, percent.</param>
/// <param name="Loss">Mean training loss.</param>
/// <param name="Difficulty">Mean difficulty, 0 to 1.</param>
/// <param name="Progress">Completed share of the run's updates; null: the share of finished epochs.</param>
/// <param name="ManualTemperature">Temperature that replaced the policy's, or null.</param>
/// <param name="ManualThreshold">Threshold that replaced the policy's, or null.</param>
internal readonly record struct EpochResult(
    double Accuracy,
    double Loss,
    double Difficulty,
    double? Progress = null,
    double? ManualTemperature = null,
    double? ManualThreshold = null
)
{
    /// <summary>Whether temperature or threshold was set by hand.</summary>
    public bool IsManual => ManualTemperature is not null || ManualThreshold is not null;

    /// <summary>The student on the probe; null for a run without sizes.</summary>
    public ProbeResult? Probe { get; init; }
}

/// <summary>The distillation loss on the probe around a window of updates.</summary>
/// <param name="LossBefore">Before, above 0.</param>
/// <param name="LossAfter">Afterwards, above 0.</param>
/// <param name="Updates">Updates of the window, at least 1.</param>
/// <param name="Cost">Cost of the window in updates at full size, above 0.</param>
internal sealed record ProbeResult(double LossBefore, double LossAfter, int Updates, double Cost)
{
    /// <summary>ln(before / after).</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public double Fall => Math.Log(LossBefore / LossAfter);
}
