using Kd.CurriculumAgent.Environment;
using Kd.CurriculumAgent.Policies;

namespace Kd.CurriculumAgent.Runs;

/// <summary>How a run was started.</summary>
internal sealed record RunSettings(
    string RunId,
    int Epochs,
    double InitialTemperature,
    int Strategy,
    double EpochRatio,
    long Seed,
    int UpdateEvery,
    PolicySpecification? Policy = null
);

/// <summary>What the next epoch is to do.</summary>
internal sealed record EpochTarget(double Temperature, double Threshold, double EpochRatio, double PruneProbability);

/// <summary>The answer to a report.</summary>
/// <param name="Target">For the next epoch; null after the last.</param>
/// <param name="Reward">Of the decision that was in force.</param>
internal sealed record EpochAnswer(EpochTarget? Target, RewardTerms Reward);

/// <summary>A finished epoch: what the trainer measured, and what was in force.</summary>
internal sealed record EpochHistory(EpochResult Result, EpochTarget Target);
