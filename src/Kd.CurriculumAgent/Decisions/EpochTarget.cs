namespace Kd.CurriculumAgent.Decisions;

/// <summary>The targets that the trainer applies in an epoch.</summary>
internal sealed record EpochTarget(double Temperature, double Threshold, double EpochRatio, double PruneProbability, double? Size = null);

/// <summary>The answer to a report.</summary>
/// <param name="Target">Targets of the next epoch; null after the last one.</param>
/// <param name="Reward">Reward of the decision that the reported epoch ran under.</param>
internal sealed record EpochAnswer(EpochTarget? Target, RewardTerms Reward);
