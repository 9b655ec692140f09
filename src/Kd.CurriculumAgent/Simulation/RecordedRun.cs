using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Simulation;

/// <summary>A run that was trained, as data for a simulator.</summary>
/// <param name="Epochs">Its epochs, in order.</param>
internal sealed record RecordedRun(IReadOnlyList<RecordedEpoch> Epochs)
{
    /// <summary>Converts a run's finished epochs.</summary>
    public static RecordedRun From(IReadOnlyList<FinishedEpoch> history) =>
        new([.. history.Select(epoch => new RecordedEpoch(epoch.Target.Temperature, epoch.Target.Threshold, epoch.Result))]);
}

/// <summary>The targets and the result of an epoch.</summary>
internal sealed record RecordedEpoch(double Temperature, double Threshold, EpochResult Result);
