using System.Diagnostics;
using Kd.Protocol.Curriculum.V1;
using Kd.Settings;

namespace Kd.Training.Curriculum;

/// <summary>Maps the curriculum settings to the agent's protocol.</summary>
internal static class CurriculumProtocol
{
    /// <summary>Maps the policy and its settings.</summary>
    public static PolicySettings ToPolicy(this CurriculumOptions options) =>
        new()
        {
            Policy = options.Policy switch
            {
                "ppo" => Policy.Ppo,
                "bandit" => Policy.Bandit,
                "schedule" => Policy.Schedule,
                "fixed" => Policy.Fixed,
                "random-action" => Policy.RandomAction,
                "infobatch" => Policy.Infobatch,
                "none" => Policy.None,
                _ => throw new UnreachableException($"Curriculum:Policy is '{options.Policy}'."),
            },
            Shape = options.Shape switch
            {
                "linear" => Shape.Linear,
                "cosine" => Shape.Cosine,
                _ => throw new UnreachableException($"Curriculum:Shape is '{options.Shape}'."),
            },
            Threshold = options.Threshold,
            PruneProbability = options.PruneProbability,
            PruneUntil = options.PruneUntil,
        };

    /// <summary>Maps the strategy.</summary>
    public static Strategy ToStrategy(this CurriculumOptions options) =>
        options.Strategy switch
        {
            "even" => Strategy.Even,
            "easy-to-hard" => Strategy.EasyToHard,
            "hard-mining" => Strategy.HardMining,
            "mixed" => Strategy.Mixed,
            "adaptive" => Strategy.Adaptive,
            "random" => Strategy.Random,
            _ => throw new UnreachableException($"Curriculum:Strategy is '{options.Strategy}'."),
        };

    /// <summary>Maps the density over the difficulty ranks; null if it is uniform.</summary>
    public static RankDensity? ToDensity(this CurriculumOptions options) =>
        options is { Strategy: "even", Uniform: < 1 } && (options.A, options.B) != (1, 1)
            ? new RankDensity
            {
                Uniform = options.Uniform,
                A = options.A,
                B = options.B,
            }
            : null;
}
