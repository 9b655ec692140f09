using System.Diagnostics;
using System.Globalization;
using Kd.CurriculumAgent.Decisions;
using Kd.Protocol.Curriculum.V1;

namespace Kd.CurriculumAgent.Grpc;

/// <summary>Converts between the messages of curriculum.proto and the agent's own types.</summary>
internal static class CurriculumMapping
{
    public static RunSettings ToSettings(this StartRunRequest request) =>
        new()
        {
            RunId = request.RunId,
            Epochs = request.Epochs,
            InitialTemperature = request.InitialTemperature,
            Strategy = (int)request.Strategy,
            EpochRatio = request.EpochRatio,
            Seed = request.Seed,
            UpdateEvery = 0,
            Policy = ToSpecification(request.Policy),
            Density = request.Density is { } density ? new RankDensitySettings(density.Uniform, density.A, density.B) : null,
            Sizes = request.Sizes.Count > 0 ? string.Join(',', request.Sizes.Select(size => size.ToString("R", CultureInfo.InvariantCulture))) : null,
        };

    public static Target ToMessage(this EpochTarget target, RunSettings settings) =>
        new()
        {
            Temperature = target.Temperature,
            Threshold = target.Threshold,
            // These policies do not select samples by difficulty.
            Strategy = SelectsNone(settings) ? Strategy.Even : (Strategy)settings.Strategy,
            EpochRatio = target.EpochRatio,
            PruneProbability = target.PruneProbability,
            Size = target.Size ?? 0,
            Density =
                settings.Density is { } density && !SelectsNone(settings)
                    ? new RankDensity
                    {
                        Uniform = density.Uniform,
                        A = density.A,
                        B = density.B,
                    }
                    : null,
        };

    private static bool SelectsNone(RunSettings settings) => settings.Policy?.Kind is PolicyKind.None or PolicyKind.InfoBatch;

    public static Reward ToMessage(this RewardTerms reward) =>
        new()
        {
            Total = reward.Total,
            AccuracyChange = reward.AccuracyChange,
            LossRise = reward.LossRise,
            Early = reward.Early,
            Level = reward.Level,
        };

    // Ignores the settings of other policies, so that they do not count as other settings of a run.
    private static PolicySpecification? ToSpecification(PolicySettings? settings) =>
        settings?.Policy switch
        {
            null or Policy.Unspecified or Policy.Ppo => null,
            Policy.Schedule => new PolicySpecification { Kind = PolicyKind.Schedule, Cosine = settings.Shape == Shape.Cosine },
            Policy.Fixed => new PolicySpecification { Kind = PolicyKind.Fixed, Threshold = settings.Threshold },
            Policy.Infobatch => ToInfoBatch(settings),
            Policy.Bandit => new PolicySpecification { Kind = PolicyKind.Bandit },
            Policy.RandomAction => new PolicySpecification { Kind = PolicyKind.RandomAction },
            Policy.None => new PolicySpecification { Kind = PolicyKind.None },
            _ => throw new UnreachableException($"The policy is {settings.Policy}."),
        };

    // Zero means unset in the message.
    private static PolicySpecification ToInfoBatch(PolicySettings settings)
    {
        var specification = new PolicySpecification { Kind = PolicyKind.InfoBatch };
        return specification with
        {
            PruneProbability = settings.PruneProbability == 0 ? specification.PruneProbability : settings.PruneProbability,
            PruneUntil = settings.PruneUntil == 0 ? specification.PruneUntil : settings.PruneUntil,
        };
    }
}
