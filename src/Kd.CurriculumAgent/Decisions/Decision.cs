namespace Kd.CurriculumAgent.Decisions;

/// <summary>A policy's decision about an epoch.</summary>
/// <param name="Temperature">Softmax temperature.</param>
/// <param name="Threshold">Difficulty threshold, 0 to 1.</param>
/// <param name="EpochRatio">Share of the samples, or null for the run's own.</param>
/// <param name="PruneProbability">Share of the low-loss samples that is left out.</param>
internal sealed record Decision(double Temperature, double Threshold, double? EpochRatio = null, double PruneProbability = 0)
{
    /// <summary>The action that the decision is based on, or null where the policy has no actions.</summary>
    public Choice? Choice { get; init; }

    /// <summary>Size of the student's input as a share of the view's; null: the trainer's own schedule.</summary>
    public double? Size { get; init; }
}

/// <summary>A chosen action with the values that a learner needs.</summary>
/// <param name="State">State in which the action was chosen.</param>
/// <param name="Action">The index of the choice in each part of the action.</param>
/// <param name="LogProbability">Logarithm of its probability; NaN where the policy does not use it.</param>
/// <param name="Value">Estimated return of the state; NaN where the policy has no estimate.</param>
internal sealed record Choice(double[] State, int[] Action, double LogProbability = double.NaN, double Value = double.NaN);
