using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Runs;

/// <summary>The arms of the curriculum study: kd and what is to beat it, at equal updates, and a few with fewer samples.</summary>
/// <param name="updates">Updates of kd.</param>
internal sealed class CurriculumArms(int updates)
{
    /// <summary>Thresholds that the sweep tries.</summary>
    public static IReadOnlyList<double> Thresholds { get; } = [0, 0.25, 0.5, 0.75, 1];

    /// <summary>Distillation on all samples: what every arm is compared with.</summary>
    public StudyArm Kd => new("kd", Methods.Kd, configuration => configuration with { Training = configuration.Training.WithUpdates(updates) });

    /// <summary>A fixed threshold of the sweep.</summary>
    public StudyArm Sweep(double threshold) =>
        Policy(FormattableString.Invariant($"sweep-{threshold:F2}"), options => (options.Policy, options.Threshold) = ("fixed", threshold));

    /// <summary>Runs with random actions that the simulator is fitted to, and checked with.</summary>
    public StudyArm Explore => Policy("explore", options => options.Policy = "random-action");

    /// <summary>The arms at equal updates, kd first.</summary>
    /// <param name="best">The sweep's best threshold.</param>
    /// <param name="learnt">Name of the learnt policy.</param>
    public IReadOnlyList<StudyArm> AtEqualUpdates(double best, string learnt) =>
        [
            Kd,
            Policy("random-60", options => (options.Policy, options.Strategy, options.EpochRatio) = ("fixed", "random", 0.6)),
            Policy("fixed-best", options => (options.Policy, options.Threshold) = ("fixed", best)),
            Policy("random-action", options => options.Policy = "random-action"),
            Policy("bandit", options => options.Policy = "bandit"),
            Policy("schedule", options => (options.Policy, options.Shape) = ("schedule", "cosine")),
            Policy("infobatch", options => options.Policy = "infobatch"),
            Policy("ppo", options => options.Policy = "ppo"),
            Policy("ppo-warm", options => (options.Policy, options.Learnt) = ("ppo-warm", learnt)),
        ];

    /// <summary>Arms that see fewer samples: kd cut short to 70% of its updates, and InfoBatch with kd's epochs.</summary>
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
                    Curriculum = configuration.Curriculum.With(change),
                }
        );
}
