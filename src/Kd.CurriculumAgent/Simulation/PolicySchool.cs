using Kd.Core.Randomness;
using Kd.CurriculumAgent.Environment;
using Kd.CurriculumAgent.Policies;

namespace Kd.CurriculumAgent.Simulation;

/// <summary>Has policies run on a simulator.</summary>
/// <param name="simulator">The simulator.</param>
/// <param name="epochs">Epochs of a simulated run.</param>
/// <param name="temperature">Temperature before the first action.</param>
internal sealed class PolicySchool(TrainingSimulator simulator, int epochs, double temperature)
{
    /// <summary>Has PPO learn; everything follows from the seed.</summary>
    /// <param name="episodes">Simulated runs.</param>
    /// <param name="seed">Seed of weights, choices and chance.</param>
    /// <returns>The network.</returns>
    public ActorCritic Train(int episodes, ulong seed)
    {
        var network = ActorCritic.CreateRandom(seed);
        var policy = new PpoPolicy(seed, int.MaxValue, network);
        for (var episode = 0; episode < episodes; episode++)
            Run(policy, CounterRandom.Mix(seed, 0x5C4001, (ulong)episode));
        return network;
    }

    /// <summary>Mean accuracy at the end of simulated runs, percent.</summary>
    /// <param name="create">Gives the policy of a run.</param>
    /// <param name="episodes">Simulated runs.</param>
    /// <param name="seed">Seed of the chance, the same for every policy.</param>
    public double Measure(Func<ulong, ICurriculumPolicy> create, int episodes, ulong seed) =>
        Enumerable
            .Range(0, episodes)
            .Average(episode =>
            {
                var chance = CounterRandom.Mix(seed, 0xE7A1, (ulong)episode);
                return Run(create(chance), chance).Accuracy;
            });

    private EpochResult Run(ICurriculumPolicy policy, ulong chance)
    {
        var environment = new CurriculumEnvironment(epochs, temperature);
        var random = new CounterRandom(chance, 0);
        var result = simulator.Before;
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            var decision = policy.Decide(new RunView(environment, (double)epoch / epochs));
            environment.Apply(decision.Temperature, decision.Threshold);
            result = simulator.Step(result, decision.Temperature, decision.Threshold, (double)epoch / epochs, ref random, withChance: true);
            var reward = environment.Finish(result);
            policy.Learn(decision, reward.Total, new RunView(environment, (epoch + 1.0) / epochs));
        }

        return result;
    }
}
