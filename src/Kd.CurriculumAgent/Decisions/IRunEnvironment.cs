namespace Kd.CurriculumAgent.Decisions;

/// <summary>A training run as an environment for a policy: an action sets the next target; the report that follows gives its reward and the state.</summary>
internal interface IRunEnvironment
{
    /// <summary>Number of choices of each part of an action.</summary>
    IReadOnlyList<int> Choices { get; }

    /// <summary>Gets the cost of an action in relation to others.</summary>
    double CostOf(int[] action);

    /// <summary>Softmax temperature in force.</summary>
    double Temperature { get; }

    /// <summary>Whether the last report has come.</summary>
    bool Done { get; }

    /// <summary>Number of reports so far.</summary>
    int Finished { get; }

    /// <summary>Computes the state that an action is chosen from.</summary>
    double[] State();

    /// <summary>Returns the decision that an action leads to, without applying it.</summary>
    Decision Decide(Choice choice);

    /// <summary>Applies a decision until the next report.</summary>
    void Apply(Decision decision);

    /// <summary>Records the report on the decision in force.</summary>
    /// <returns>The reward of that decision.</returns>
    RewardTerms Finish(EpochResult result);
}
