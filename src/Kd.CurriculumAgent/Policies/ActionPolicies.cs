using Kd.Core.Randomness;
using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Policies;

/// <summary>Takes a random action in each epoch; the baseline for policies that learn.</summary>
/// <param name="seed">Seed of the choices.</param>
internal sealed class RandomActionPolicy(ulong seed) : ICurriculumPolicy
{
    private int _choices;

    public Decision Decide(RunView view)
    {
        var random = new CounterRandom(seed, CounterRandom.Mix(0x4A7D0, (ulong)_choices++));
        var action = CurriculumAction.All[random.NextInt32(CurriculumAction.All.Count)];
        return view.Environment.Decide(new Choice(view.Environment.State(), action));
    }
}

/// <summary>Chooses actions by Thompson sampling, with a normal distribution of each action's reward; ignores the state.</summary>
/// <remarks>
/// For an action with n rewards of mean m, a value is drawn from a normal distribution with mean (n m + M) / (n + 1) and deviation S / sqrt(n + 1), where M
/// and S are mean and deviation of all rewards (S is 1 before there are two); the action with the largest value is chosen.
/// Source: Thompson 1933; Russo et al. 2018, "A Tutorial on Thompson Sampling", section 4.
/// </remarks>
/// <param name="seed">Seed of the draws.</param>
internal sealed class BanditPolicy(ulong seed) : ICurriculumPolicy
{
    private readonly List<double>[] _rewards = [.. CurriculumAction.All.Select(_ => new List<double>())];
    private int _choices;

    public Decision Decide(RunView view)
    {
        var random = new CounterRandom(seed, CounterRandom.Mix(0xBA4D17, (ulong)_choices++));
        var (mean, deviation) = Summarize();
        var (best, largest) = (0, double.NegativeInfinity);
        for (var i = 0; i < _rewards.Length; i++)
        {
            var count = _rewards[i].Count;
            var draw = (_rewards[i].Sum() + mean) / (count + 1) + random.NextGaussian() * deviation / Math.Sqrt(count + 1);
            if (draw > largest)
                (best, largest) = (i, draw);
        }

        return view.Environment.Decide(new Choice(view.Environment.State(), CurriculumAction.All[best]));
    }

    public void Learn(Decision decision, double reward, RunView view) => _rewards[CurriculumAction.All.IndexOf(decision.Choice!.Action)].Add(reward);

    private (double Mean, double Deviation) Summarize()
    {
        var all = _rewards.SelectMany(rewards => rewards).ToArray();
        var mean = all.Length == 0 ? 0 : all.Average();
        var deviation = all.Length < 2 ? 1 : Math.Sqrt(all.Sum(reward => (reward - mean) * (reward - mean)) / (all.Length - 1));
        return (mean, deviation > 0 ? deviation : 1);
    }
}
