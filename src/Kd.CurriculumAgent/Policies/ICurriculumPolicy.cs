using Kd.CurriculumAgent.Environment;

namespace Kd.CurriculumAgent.Policies;

/// <summary>Decides what each epoch of a run does. Everything follows from its settings and from what it is told, in order.</summary>
internal interface ICurriculumPolicy
{
    /// <summary>Decides about the next epoch.</summary>
    /// <param name="view">Where the run is.</param>
    Decision Decide(RunView view);

    /// <summary>Takes what a decision earned; its epoch is finished.</summary>
    /// <param name="decision">The decision that was in force.</param>
    /// <param name="reward">What it earned.</param>
    /// <param name="view">Where the run is now.</param>
    void Learn(Decision decision, double reward, RunView view) { }
}

/// <summary>Where a run is, as a policy may know it.</summary>
/// <param name="Environment">State, temperature and threshold.</param>
/// <param name="Progress">Share of the run's updates that are done, 0 to 1.</param>
internal readonly record struct RunView(CurriculumEnvironment Environment, double Progress);

/// <summary>What an epoch is to do.</summary>
/// <param name="Temperature">Softmax temperature.</param>
/// <param name="Threshold">Difficulty threshold, 0 to 1.</param>
/// <param name="EpochRatio">Share of the samples, or null for the run's own.</param>
/// <param name="PruneProbability">Share of the samples of low loss that is left out.</param>
internal sealed record Decision(double Temperature, double Threshold, double? EpochRatio = null, double PruneProbability = 0)
{
    /// <summary>The choice behind it, where the policy chose an action.</summary>
    public Choice? Choice { get; init; }
}

/// <summary>A chosen action with what the learner needs to know of it.</summary>
/// <param name="State">The state that it was chosen in.</param>
/// <param name="Action">The action.</param>
/// <param name="LogProbability">Logarithm of its probability; not a number where the policy learns without it.</param>
/// <param name="Value">What was expected of the rest of the run; not a number where the policy has no such estimate.</param>
internal sealed record Choice(double[] State, CurriculumAction Action, double LogProbability = double.NaN, double Value = double.NaN);
