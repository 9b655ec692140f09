using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Policies;

/// <summary>Decides about each epoch of a run. Decisions follow deterministically from the settings and the sequence of calls.</summary>
internal interface ICurriculumPolicy
{
    /// <summary>Decides about the next epoch.</summary>
    /// <param name="view">Current state of the run.</param>
    Decision Decide(RunView view);

    /// <summary>Learns from the reward of a decision, after its epoch.</summary>
    /// <param name="decision">The decision that the epoch ran under.</param>
    /// <param name="reward">Its reward.</param>
    /// <param name="view">State of the run after the epoch.</param>
    void Learn(Decision decision, double reward, RunView view) { }
}
