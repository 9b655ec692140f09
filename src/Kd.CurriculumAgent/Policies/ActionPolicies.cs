using Kd.Core.Randomness;
using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Policies;

/// <summary>Takes random actions; the baseline for policies that learn.</summary>
/// <param name="seed">Seed of the choices.</param>
internal sealed class RandomActionPolicy(ulong seed) : ICurriculumPolicy
{
    private int _choices;

    public Decision Decide(RunView view)
    {
        var random = new CounterRandom(seed, CounterRandom.Mix(0x4A7D0, (ulong)_choices++));
        var action = new List<int>();
        foreach (var count in view.Environment.Choices)
            action.Add(random.NextInt32(count));
        return view.Environment.Decide(new Choice(view.Environment.State(), [.. action]));
    }
}

/// <summary>Chooses actions by Thompson sampling, with a normal distribution of each action's reward; ignores the state.</summary>
/// <remarks>
/// A gain is a reward times the cost of its action. A gain that is k decisions old has the weight w = discount^k. For an action whose gains have the sum of
/// weights n and the mean m, a value is drawn from a normal distribution with mean (n m + M) / (n + 1) and deviation S / sqrt(n + 1), where M and S are
/// weighted mean and deviation of all gains (S is 1 before there are two); the action with the largest value per cost is chosen. So all actions gain the same
/// until proven otherwise, a trend that all gains share cancels, and old ones are forgotten.
/// Sources: Thompson 1933; Russo et al. 2018, "A Tutorial on Thompson Sampling", section 4; Raj and Kalyani 2017, "Taming Non-stationary Bandits" (discount).
/// </remarks>
/// <param name="seed">Seed of the draws.</param>
/// <param name="discount">Weight of a reward in relation to the next one, above 0, at most 1.</param>
internal sealed class BanditPolicy(ulong seed, double discount = 1) : ICurriculumPolicy
{
    private readonly Dictionary<int, RewardSums> _actions = [];
    private RewardSums _all;
    private int _choices;

    public Decision Decide(RunView view)
    {
        var random = new CounterRandom(seed, CounterRandom.Mix(0xBA4D17, (ulong)_choices++));
        var choices = view.Environment.Choices;
        var (best, largest) = (0, double.NegativeInfinity);
        for (var i = 0; i < choices.Aggregate(1, (product, count) => product * count); i++)
        {
            var sums = _actions.GetValueOrDefault(i);
            var draw = (sums.Sum + _all.Mean) / (sums.Weight + 1) + random.NextGaussian() * _all.Deviation / Math.Sqrt(sums.Weight + 1);
            var value = draw / view.Environment.CostOf(Split(i, choices));
            if (value > largest)
                (best, largest) = (i, value);
        }

        return view.Environment.Decide(new Choice(view.Environment.State(), Split(best, choices)));
    }

    public void Learn(Decision decision, double reward, RunView view)
    {
        var gain = reward * view.Environment.CostOf(decision.Choice!.Action);
        _all = _all.Age(discount).Add(gain);
        foreach (var known in _actions.Keys.ToList())
            _actions[known] = _actions[known].Age(discount);
        var action = Join(decision.Choice.Action, view.Environment.Choices);
        _actions[action] = _actions.GetValueOrDefault(action).Add(gain);
    }

    private static int Join(int[] action, IReadOnlyList<int> choices) => action.Zip(choices).Aggregate(0, (sum, part) => sum * part.Second + part.First);

    private static int[] Split(int index, IReadOnlyList<int> choices)
    {
        var action = new int[choices.Count];
        for (var i = action.Length - 1; i >= 0; i--)
            (index, action[i]) = Math.DivRem(index, choices[i]);
        return action;
    }

    /// <summary>Sums over weighted rewards.</summary>
    private readonly record struct RewardSums(double Weight, double SquaredWeight, double Sum, double SquaredSum)
    {
        public double Mean => Weight == 0 ? 0 : Sum / Weight;

        /// <summary>The unbiased deviation for weights that sum up reliabilities; 1 if there is none.</summary>
        public double Deviation
        {
            get
            {
                var freedom = Weight == 0 ? 0 : Weight - SquaredWeight / Weight;
                var variance = freedom > 1e-9 ? (SquaredSum - Sum * Mean) / freedom : 0;
                return variance > 0 ? Math.Sqrt(variance) : 1;
            }
        }

        public RewardSums Age(double discount) => new(Weight * discount, SquaredWeight * discount * discount, Sum * discount, SquaredSum * discount);

        public RewardSums Add(double reward) => new(Weight + 1, SquaredWeight + 1, Sum + reward, SquaredSum + reward * reward);
    }
}
