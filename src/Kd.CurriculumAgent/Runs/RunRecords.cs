using Kd.CurriculumAgent.Environment;

namespace Kd.CurriculumAgent.Runs;

/// <summary>How a run was started.</summary>
internal sealed record RunSettings(string RunId, int Epochs, double InitialTemperature, int Strategy, double EpochRatio, long Seed, int UpdateEvery);

/// <summary>What the next epoch is to do.</summary>
internal sealed record EpochTarget(double Temperature, double Threshold);

/// <summary>The answer to a report.</summary>
/// <param name="Target">For the next epoch; null after the last.</param>
/// <param name="Reward">Of the action that was in force.</param>
internal sealed record EpochAnswer(EpochTarget? Target, RewardTerms Reward);

/// <summary>A line of a run's journal: the start, or a report.</summary>
internal sealed record JournalEntry(RunSettings? Start, EpochResult? Report);
