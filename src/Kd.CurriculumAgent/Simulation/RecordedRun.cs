using Kd.CurriculumAgent.Environment;
using Kd.CurriculumAgent.Runs;

namespace Kd.CurriculumAgent.Simulation;

/// <summary>A run that was trained for real.</summary>
/// <param name="Epochs">Its epochs, in order.</param>
internal sealed record RecordedRun(IReadOnlyList<RecordedEpoch> Epochs)
{
    /// <summary>By an agent's history.</summary>
    public static RecordedRun From(IReadOnlyList<EpochHistory> history) =>
        new([.. history.Select(epoch => new RecordedEpoch(epoch.Target.Temperature, epoch.Target.Threshold, epoch.Result))]);
}

/// <summary>What was in force during an epoch, and what came of it.</summary>
internal sealed record RecordedEpoch(double Temperature, double Threshold, EpochResult Result);
