using Kd.Settings;

namespace Kd.Training.Studies;

/// <summary>Defines the arms of the curriculum study: kd and its challengers at equal updates, and two arms with fewer samples.</summary>
/// <param name="updates">Number of updates of kd.</param>
internal sealed class CurriculumArms(int updates)
{
    /// <summary>Thresholds of the sweep.</summary>
    public static IReadOnlyList<double> Thresholds { get; } = [0, 0.25, 0.5, 0.75, 1];

    /// <summary>Distillation on all samples, the baseline of all comparisons.</summary>
    public StudyArm Kd => new("kd", Methods.Kd, configuration => configuration with { Training = configuration.Training.WithUpdates(updates) });

    /// <summary>Creates the arm of a fixed threshold of the sweep.</summary>
    public StudyArm Sweep(double threshold) =>
        Policy(FormattableString.Invariant($"sweep-{threshold:F2}"), options => (options.Policy, options.Threshold) = ("fixed", threshold));

    /// <summary>Random actions, to which the simulator is fitted and on which it is checked.</summary>
    public StudyArm Explore => Policy("explore", options => options.Policy = "random-action");

    /// <summary>Creates the arms at equal updates, kd first.</summary>
    /// <param name="bestThreshold">The best threshold of the sweep.</param>
    /// <param name="policyName">Name of the policy learned on the simulator.</param>
    public IReadOnlyList<StudyArm> AtEqualUpdates(double bestThreshold, string policyName) =>
        [
            Kd,
            Policy(
                "resolution",
                options =>
                    (options.Policy, options.Strategy, options.EpochRatio, options.Resolutions) = ("none", "even", 1, new CurriculumOptions().Resolutions)
            ),
            Policy("random-60", options => (options.Policy, options.Strategy, options.EpochRatio) = ("fixed", "random", 0.6)),
            Policy("fixed-best", options => (options.Policy, options.Threshold) = ("fixed", bestThreshold)),
            Policy("random-action", options => options.Policy = "random-action"),
            Policy("bandit", options => options.Policy = "bandit"),
            Policy("schedule", options => (options.Policy, options.Shape) = ("schedule", "cosine")),
            Policy("infobatch", options => options.Policy = "infobatch"),
            Policy("ppo", options => options.Policy = "ppo"),
            Policy("ppo-warm", options => (options.Policy, options.Learnt) = ("ppo-warm", policyName)),
        ];

    /// <summary>The arms with fewer samples: kd with 70% of its updates, and InfoBatch with kd's epochs.</summary>
    public IReadOnlyList<StudyArm> WithFewerSamples =>
        [
            new("kd-short", Methods.Kd, configuration => configuration with { Training = configuration.Training.WithUpdates((int)(0.7 * updates)) }),
            Policy("infobatch-short", options => options.Policy = "infobatch", limit: 0),
        ];

    private StudyArm Policy(string name, Action<CurriculumOptions> change, int? limit = null) =>
        new(
            name,
            Methods.KdCurriculum,
            configuration =>
                configuration with
                {
                    Training = configuration.Training.WithUpdates(limit ?? updates),
                    Curriculum = configuration.Curriculum.With(options =>
                    {
                        UseReference(options);
                        change(options);
                    }),
                }
        );

    // All samples at the full size leave a policy nothing to decide: the policies work in the reference's manner, unless the settings name another one.
    private static void UseReference(CurriculumOptions options)
    {
        var defaults = new CurriculumOptions();
        options.Resolutions = "";
        if (options.Strategy == defaults.Strategy && options.EpochRatio == defaults.EpochRatio)
            (options.Strategy, options.EpochRatio) = (Recipes.ReferenceStrategy, Recipes.ReferenceEpochRatio);
    }
}
