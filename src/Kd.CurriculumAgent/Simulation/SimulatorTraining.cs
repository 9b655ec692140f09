using Kd.Core.Randomness;
using Kd.CurriculumAgent.Decisions;
using Kd.CurriculumAgent.Policies;

namespace Kd.CurriculumAgent.Simulation;

/// <summary>Trains and evaluates policies in a simulator.</summary>
/// <param name="simulator">The simulator.</param>
/// <param name="epochs">Number of epochs of a simulated run.</param>
/// <param name="temperature">Temperature before the first action.</param>
internal sealed class SimulatorTraining(TrainingSimulator simulator, int epochs, double temperature)
{
    /// <summary>Trains a network by PPO; deterministic in the seed.</summary>
    /// <param name="episodes">Number of simulated runs.</param>
    /// <param name="seed">Seed of weights, choices and noise.</param>
    public ActorCritic Train(int episodes, ulong seed)
    {
        var network = ActorCritic.CreateRandom(seed);
        var policy = new PpoPolicy(seed, int.MaxValue, network);
        for (var episode = 0; episode < episodes; episode++)
            Run(policy, CounterRandom.Mix(seed, 0x5C4001, (ulong)episode));
        return network;
    }

    /// <summary>Evaluates a policy.</summary>
    /// <param name="create">Creates the policy of a run from a seed.</param>
    /// <param name="episodes">Number of simulated runs.</param>
    /// <param name="seed">Seed of the noise, the same for all policies to compare.</param>
    /// <returns>Mean accuracy at the end of the runs, percent.</returns>
    public double Evaluate(Func<ulong, ICurriculumPolicy> create, int episodes, ulong seed) =>
        Enumerable
            .Range(0, episodes)
            .Average(episode =>
            {
                var runSeed = CounterRandom.Mix(seed, 0xE7A1, (ulong)episode);
                return Run(create(runSeed), runSeed).Accuracy;
            });

    private EpochResult Run(ICurriculumPolicy policy, ulong seed)
    {
        var environment = new CurriculumEnvironment(epochs, temperature);
        var random = new CounterRandom(seed, 0);
        var result = simulator.Initial;
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            var decision = policy.Decide(new RunView(environment, (double)epoch / epochs));
            environment.Apply(decision.Temperature, decision.Threshold);
            result = simulator.Step(result, decision.Temperature, decision.Threshold, (double)epoch / epochs, ref random, withNoise: true);
            var reward = environment.Finish(result);
            policy.Learn(decision, reward.Total, new RunView(environment, (epoch + 1.0) / epochs));
        }

        return result;
    }
}
