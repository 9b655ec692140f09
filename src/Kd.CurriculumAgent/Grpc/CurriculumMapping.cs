using System.Diagnostics;
using Kd.CurriculumAgent.Environment;
using Kd.CurriculumAgent.Policies;
using Kd.CurriculumAgent.Runs;
using Kd.CurriculumAgent.Simulation;
using Kd.Protocol.Curriculum.V1;

namespace Kd.CurriculumAgent.Grpc;

/// <summary>Between the messages of curriculum.proto and the agent's own types.</summary>
internal static class CurriculumMapping
{
    private const double DefaultPruneProbability = 0.5,
        DefaultPruneUntil = 0.875;

    public static RunSettings ToSettings(this StartRunRequest request) =>
        new(
            request.RunId,
            request.Epochs,
            request.InitialTemperature,
            (int)request.Strategy,
            request.EpochRatio,
            request.Seed,
            0,
            ToSpecification(request.Policy)
        );

    public static Target ToMessage(this EpochTarget target, RunSettings settings) =>
        new()
        {
            Temperature = target.Temperature,
            Threshold = target.Threshold,
            // What is not to be picked by difficulty is picked by chance.
            Strategy = settings.Policy?.Kind is PolicyKind.None or PolicyKind.InfoBatch ? Strategy.Random : (Strategy)settings.Strategy,
            EpochRatio = target.EpochRatio,
            PruneProbability = target.PruneProbability,
        };

    public static Reward ToMessage(this RewardTerms reward) =>
        new()
        {
            Total = reward.Total,
            AccuracyChange = reward.AccuracyChange,
            LossRise = reward.LossRise,
            Early = reward.Early,
            Level = reward.Level,
        };

    public static LearnPolicyReply ToMessage(this LessonResult result) =>
        new()
        {
            StepError = result.Check.StepError,
            FinalError = result.Check.FinalError,
            MeanStepError = result.Check.MeanStepError,
            MeanFinalError = result.Check.MeanFinalError,
            LearntAccuracy = result.LearntAccuracy,
            RandomAccuracy = result.RandomAccuracy,
            FittedEpochs = result.FittedEpochs,
            Seconds = result.Seconds,
        };

    // Settings of other policies do not make a run another one.
    private static PolicySpecification? ToSpecification(PolicySettings? settings) =>
        settings?.Policy switch
        {
            null or Policy.Unspecified or Policy.Ppo => null,
            Policy.PpoWarm => new PolicySpecification(PolicyKind.PpoWarm, Learnt: settings.Learnt),
            Policy.Schedule => new PolicySpecification(PolicyKind.Schedule, Cosine: settings.Shape == Shape.Cosine),
            Policy.Fixed => new PolicySpecification(PolicyKind.Fixed, Threshold: settings.Threshold),
            Policy.Infobatch => new PolicySpecification(
                PolicyKind.InfoBatch,
                PruneProbability: settings.PruneProbability == 0 ? DefaultPruneProbability : settings.PruneProbability,
                PruneUntil: settings.PruneUntil == 0 ? DefaultPruneUntil : settings.PruneUntil
            ),
            Policy.Bandit => new PolicySpecification(PolicyKind.Bandit),
            Policy.RandomAction => new PolicySpecification(PolicyKind.RandomAction),
            Policy.None => new PolicySpecification(PolicyKind.None),
            _ => throw new UnreachableException($"The policy is {settings.Policy}."),
        };
}
