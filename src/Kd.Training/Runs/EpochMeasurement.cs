using Kd.Protocol.Curriculum.V1;

namespace Kd.Training.Runs;

/// <summary>The temperature and threshold of an epoch, and the measurements after it.</summary>
/// <param name="Temperature">Softmax temperature.</param>
/// <param name="Threshold">Difficulty threshold; null without an agent.</param>
/// <param name="IsManual">Whether one of them was set manually.</param>
internal sealed record EpochMeasurement(double Temperature, double? Threshold, bool IsManual)
{
    /// <summary>Validation accuracy, percent.</summary>
    public double Accuracy { get; init; }

    /// <summary>Samples whose difficulty was measured without training on them.</summary>
    public int Refreshed { get; init; }

    /// <summary>Reward of the epoch; null without an agent or while it is unavailable.</summary>
    public Reward? Reward { get; init; }
}
