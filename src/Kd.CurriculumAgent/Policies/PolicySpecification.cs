namespace Kd.CurriculumAgent.Policies;

/// <summary>The kinds of policies.</summary>
internal enum PolicyKind
{
    /// <summary>PPO with random first weights.</summary>
    Ppo = 1,

    /// <summary>PPO that begins with learnt weights.</summary>
    PpoWarm = 2,

    /// <summary><see cref="BanditPolicy"/>.</summary>
    Bandit = 3,

    /// <summary><see cref="SchedulePolicy"/>.</summary>
    Schedule = 4,

    /// <summary><see cref="FixedPolicy"/>.</summary>
    Fixed = 5,

    /// <summary><see cref="RandomActionPolicy"/>.</summary>
    RandomAction = 6,

    /// <summary><see cref="InfoBatchPolicy"/>.</summary>
    InfoBatch = 7,

    /// <summary><see cref="NoPolicy"/>.</summary>
    None = 8,
}

internal static class PolicyKinds
{
    /// <summary>The name that the setting Curriculum:Policy has for it.</summary>
    public static string ToName(this PolicyKind kind) =>
        kind switch
        {
            PolicyKind.PpoWarm => "ppo-warm",
            PolicyKind.RandomAction => "random-action",
            _ => kind.ToString().ToLowerInvariant(),
        };
}

/// <summary>Which policy a run has, and its settings.</summary>
/// <param name="Kind">The policy.</param>
/// <param name="Cosine">Whether a schedule is slow at both ends.</param>
/// <param name="Threshold">Of the fixed policy.</param>
/// <param name="PruneProbability">Of InfoBatch.</param>
/// <param name="PruneUntil">Of InfoBatch.</param>
/// <param name="Learnt">Name of the learnt policy that PPO begins with.</param>
/// <param name="LearntChecksum">Checksum of its weights.</param>
internal sealed record PolicySpecification(
    PolicyKind Kind,
    bool Cosine = false,
    double Threshold = 0,
    double PruneProbability = 0.5,
    double PruneUntil = 0.875,
    string? Learnt = null,
    string? LearntChecksum = null
)
{
    /// <summary>Builds the policy.</summary>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="updateEvery">Epochs between updates of PPO.</param>
    /// <param name="learnt">Finds the learnt network by this specification.</param>
    public ICurriculumPolicy Create(ulong seed, int updateEvery, Func<PolicySpecification, ActorCritic> learnt) =>
        Kind switch
        {
            PolicyKind.Ppo => new PpoPolicy(seed, updateEvery, ActorCritic.CreateRandom(seed)),
            PolicyKind.PpoWarm => new PpoPolicy(seed, updateEvery, learnt(this)),
            PolicyKind.Bandit => new BanditPolicy(seed),
            PolicyKind.Schedule => new SchedulePolicy(Cosine),
            PolicyKind.Fixed => new FixedPolicy(Threshold),
            PolicyKind.RandomAction => new RandomActionPolicy(seed),
            PolicyKind.InfoBatch => new InfoBatchPolicy(PruneProbability, PruneUntil),
            PolicyKind.None => new NoPolicy(),
            _ => throw new ArgumentOutOfRangeException(nameof(learnt), Kind, "Not a policy."),
        };
}
