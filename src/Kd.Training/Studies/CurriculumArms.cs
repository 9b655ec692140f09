using Kd.Settings;
using Kd.Training.Configuration;

namespace Kd.Training.Studies;

/// <summary>
/// Defines the arms of the curriculum study. All spend the same compute; a curriculum takes more updates with smaller inputs.
/// </summary>
internal static class CurriculumArms
{
    /// <summary>Names of the arms.</summary>
    public const string Kd = "kd",
        Reference = "reference",
        Resolution = "resolution",
        Third = "resolution-third",
        Agent = "bandit",
        Random = "random-action";

    /// <summary>All arms, kd first.</summary>
    public static IReadOnlyList<StudyArm> All { get; } =
    [
        StudyArm.Of(Kd),
        StudyArm.Of(Methods.Labels),
        // The reference has 0.001 for runs that are some ten times longer.
        new(Reference, Methods.Kd, configuration => WithTraining(configuration, training => Recipes.UseReference(training, learningRate: 0.002))),
        new(Resolution, Methods.KdCurriculum, configuration => WithPolicy(configuration, "none")),
        new(Third, Methods.KdCurriculum, configuration => WithTraining(WithPolicy(configuration, "none"), UseThird)),
        new(Agent, Methods.KdCurriculum, configuration => WithPolicy(configuration, "bandit")),
        new("ppo", Methods.KdCurriculum, configuration => WithPolicy(configuration, "ppo")),
        new(Random, Methods.KdCurriculum, configuration => WithPolicy(configuration, "random-action")),
    ];

    private static void UseThird(TrainingOptions training) =>
        (training.Epochs, training.Updates) = (Math.Max(1, training.Epochs / 3), (training.Updates + 2) / 3);

    private static RunConfiguration WithTraining(RunConfiguration configuration, Action<TrainingOptions> change) =>
        configuration with
        {
            Training = configuration.Training.With(change),
        };

    private static RunConfiguration WithPolicy(RunConfiguration configuration, string policy)
    {
        var best = new CurriculumOptions();
        return configuration with
        {
            Curriculum = configuration.Curriculum.With(curriculum =>
                (curriculum.Policy, curriculum.Strategy, curriculum.EpochRatio, curriculum.Resolutions, curriculum.Every) = (
                    policy,
                    best.Strategy,
                    1,
                    curriculum.HasResolutions ? curriculum.Resolutions : best.Resolutions,
                    curriculum.Every > 0 ? curriculum.Every : best.Every
                )
            ),
        };
    }
}
