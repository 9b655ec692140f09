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
}
