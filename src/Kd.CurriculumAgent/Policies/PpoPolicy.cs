using Kd.Core.Randomness;
using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Policies;

/// <summary>Samples actions from an actor-critic and trains it by PPO. Deterministic in the seed, the initial weights and the reports.</summary>
/// <param name="seed">Seed of the choices.</param>
/// <param name="updateEvery">Number of transitions between updates.</param>
/// <param name="network">The actor-critic, which is trained in place.</param>
/// <param name="settings">Hyperparameters; null: those of the reference.</param>
/// <param name="scale">Standardizes the rewards; null: they are used as they are.</param>
internal sealed class PpoPolicy(ulong seed, int updateEvery, ActorCritic network, PpoSettings? settings = null, RewardScale? scale = null) : ICurriculumPolicy
{
    private readonly List<Transition> _transitions = [];
    private readonly PpoLearner _learner = new(network, settings ?? new PpoSettings());
    private int _choices;

    public Decision Decide(RunView view) => view.Environment.Decide(Choose(view.Environment.State()));

    public void Learn(Decision decision, double reward, RunView view) =>
        Learn(decision.Choice!, scale?.Standardize(reward) ?? reward, view.Environment.State(), view.Environment.Done || view.Progress >= 1);

    /// <summary>Samples an action for a state.</summary>
    public Choice Choose(double[] state)
    {
        var evaluation = network.Evaluate(state);
        var random = new CounterRandom(seed, CounterRandom.Mix(0xC401CE, (ulong)_choices++));
        var action = new int[evaluation.LogProbabilities.Count];
        for (var i = 0; i < action.Length; i++)
            action[i] = Sample(evaluation.LogProbabilities[i], ref random);
        return new Choice(state, action, evaluation.LogProbability(action), evaluation.Value);
    }

    /// <summary>Records the transition of a choice; every few transitions, and at the end of the run, updates the network.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="reward">Its reward.</param>
    /// <param name="nextState">The state after it.</param>
    /// <param name="done">Whether the run is over.</param>
    public void Learn(Choice choice, double reward, double[] nextState, bool done)
    {
        _transitions.Add(new Transition(choice.State, choice.Action, choice.LogProbability, choice.Value, reward, done));
        if (_transitions.Count < updateEvery && !done)
            return;
        _learner.Update(_transitions, done ? 0 : network.Evaluate(nextState).Value);
        _transitions.Clear();
    }

    private static int Sample(double[] logProbabilities, ref CounterRandom random)
    {
        var left = random.NextDouble();
        for (var i = 0; i < logProbabilities.Length - 1; i++)
        {
            left -= Math.Exp(logProbabilities[i]);
            if (left < 0)
                return i;
        }

        return logProbabilities.Length - 1;
    }
}
