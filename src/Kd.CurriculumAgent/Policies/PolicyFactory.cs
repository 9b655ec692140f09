using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Policies;

/// <summary>Creates policies from their specifications.</summary>
internal static class PolicyFactory
{
    // Rewards of windows trend and are noisy: half of the weight is forgotten in about 14 decisions.
    private const double SizeDiscount = 0.95;

    // Makes the full size e^1 times as likely as another size at first.
    private const double FullSizePrior = 1;

    // A run has some tens to hundreds of windows: larger and more frequent updates than the reference's, and returns of a few windows.
    private const int SizeUpdateEvery = 8;
    private static readonly PpoSettings s_sizes = new() { LearningRate = 3e-3, Gamma = 0.8 };

    /// <summary>Creates the policy of a run with sizes.</summary>
    /// <param name="kind">Ppo, Bandit or RandomAction.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="sizes">Number of sizes.</param>
    public static ICurriculumPolicy CreateForSizes(PolicyKind kind, ulong seed, int sizes) =>
        kind switch
        {
            PolicyKind.Ppo => new PpoPolicy(seed, SizeUpdateEvery, SizeNetwork(seed, sizes), s_sizes, new RewardScale()),
            PolicyKind.Bandit => new BanditPolicy(seed, SizeDiscount),
            PolicyKind.RandomAction => new RandomActionPolicy(seed),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a policy that decides about sizes."),
        };

    private static ActorCritic SizeNetwork(ulong seed, int sizes)
    {
        var network = ActorCritic.CreateRandom(SizeEnvironment.StateSize, [sizes], seed);
        network.Heads[0].Bias[^1] += FullSizePrior;
        return network;
    }

    /// <summary>Creates the policy of a run.</summary>
    /// <param name="specification">Selects and configures the policy.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="updateEvery">Epochs between updates of PPO.</param>
    public static ICurriculumPolicy Create(PolicySpecification specification, ulong seed, int updateEvery) =>
        specification.Kind switch
        {
            PolicyKind.Ppo => new PpoPolicy(seed, updateEvery, ActorCritic.CreateRandom(CurriculumEnvironment.StateSize, CurriculumEnvironment.Actions, seed)),
            PolicyKind.Bandit => new BanditPolicy(seed),
            PolicyKind.Schedule => new SchedulePolicy(specification.Cosine),
            PolicyKind.Fixed => new FixedPolicy(specification.Threshold),
            PolicyKind.RandomAction => new RandomActionPolicy(seed),
            PolicyKind.InfoBatch => new InfoBatchPolicy(specification.PruneProbability, specification.PruneUntil),
            PolicyKind.None => new NoPolicy(),
            _ => throw new ArgumentOutOfRangeException(nameof(specification), specification.Kind, "Not a policy."),
        };
}
