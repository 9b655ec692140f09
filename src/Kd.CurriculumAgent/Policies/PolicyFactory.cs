using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Policies;

/// <summary>Creates policies from their specifications.</summary>
internal static class PolicyFactory
{
    /// <summary>Creates the policy of a run.</summary>
    /// <param name="specification">Selects and configures the policy.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="updateEvery">Epochs between updates of PPO.</param>
    /// <param name="learned">Loads the network of a learned policy.</param>
    public static ICurriculumPolicy Create(PolicySpecification specification, ulong seed, int updateEvery, Func<PolicySpecification, ActorCritic> learned) =>
        specification.Kind switch
        {
            PolicyKind.Ppo => new PpoPolicy(seed, updateEvery, ActorCritic.CreateRandom(seed)),
            PolicyKind.PpoWarm => new PpoPolicy(seed, updateEvery, learned(specification)),
            PolicyKind.Bandit => new BanditPolicy(seed),
            PolicyKind.Schedule => new SchedulePolicy(specification.Cosine),
            PolicyKind.Fixed => new FixedPolicy(specification.Threshold),
            PolicyKind.RandomAction => new RandomActionPolicy(seed),
            PolicyKind.InfoBatch => new InfoBatchPolicy(specification.PruneProbability, specification.PruneUntil),
            PolicyKind.None => new NoPolicy(),
            _ => throw new ArgumentOutOfRangeException(nameof(specification), specification.Kind, "Not a policy."),
        };
}
