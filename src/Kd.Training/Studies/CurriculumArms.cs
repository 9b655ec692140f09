using Kd.Settings;
using Kd.Training.Configuration;

namespace Kd.Training.Studies;

/// <summary>
/// Defines the arms of the curriculum study. All have the same budget of compute, Training:Compute or Training:Epochs, and the same samples; a curriculum
/// takes more updates with smaller inputs.
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
        new(Kd, Methods.Kd, configuration => WithBudget(configuration, 1)),
        new("labels", Methods.Labels, configuration => WithBudget(configuration, 1)),
        new(Reference, Methods.Kd, UseReference),
        new(Resolution, Methods.KdCurriculum, configuration => UsePolicy(configuration, "none")),
        new(Third, Methods.KdCurriculum, configuration => WithBudget(UsePolicy(configuration, "none"), 1.0 / 3)),
        new(Agent, Methods.KdCurriculum, configuration => UsePolicy(configuration, "bandit")),
        new("ppo", Methods.KdCurriculum, configuration => UsePolicy(configuration, "ppo")),
        new(Random, Methods.KdCurriculum, configuration => UsePolicy(configuration, "random-action")),
    ];

    private static RunConfiguration WithBudget(RunConfiguration configuration, double share) =>
        configuration with
        {
            Training = configuration.Training.With(training =>
                (training.Compute, training.Updates) = (share * (training.Compute > 0 ? training.Compute : training.Epochs), 0)
            ),
        };

    // The reference has 0.001 for runs that are some ten times longer.
    private static RunConfiguration UseReference(RunConfiguration configuration) =>
        WithBudget(configuration with { Training = configuration.Training.With(training => Recipes.UseReference(training, learningRate: 0.002)) }, 1);

    private static RunConfiguration UsePolicy(RunConfiguration configuration, string policy)
    {
        var best = new CurriculumOptions();
        return WithBudget(configuration, 1) with
        {
            Curriculum = configuration.Curriculum.With(curriculum =>
                (curriculum.Policy, curriculum.Strategy, curriculum.EpochRatio, curriculum.Resolutions, curriculum.Every) = (
                    policy,
                    best.Strategy,
                    1,
                    curriculum.Resolutions.Length > 0 ? curriculum.Resolutions : best.Resolutions,
                    curriculum.Every > 0 ? curriculum.Every : best.Every
                )
            ),
        };
    }
}
