using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the method kd-curriculum: the section <c>Curriculum</c>.</summary>
public sealed class CurriculumOptions
{
    public const string Section = "Curriculum";

    [Setting("Strategy that orders the samples by difficulty.", Label = "Curriculum: strategy")]
    [AllowedValues("easy-to-hard", "hard-mining", "mixed", "adaptive", "random", ErrorMessage = "Use easy-to-hard, hard-mining, mixed, adaptive or random.")]
    public string Strategy { get; set; } = "easy-to-hard";

    [Setting("Share of the dataset that an epoch visits.", Label = "Curriculum: share of the dataset")]
    [Range(0.01, 1.0)]
    public double EpochRatio { get; set; } = 0.7;

    [Setting("Weight of the newest measurement in the moving average of a sample's difficulty.")]
    [Range(0.01, 1.0)]
    public double Smoothing { get; set; } = 0.5;

    [Setting("Epochs after which the difficulty of an unvisited sample is measured again.")]
    [Range(1, 1_000_000)]
    public int RefreshAfter { get; set; } = 4;

    [Setting(
        "Policy that decides about the next epoch. ppo-warm starts from a policy learned on a simulator; "
            + "infobatch visits all samples but prunes those with a low loss; none visits all samples.",
        Label = "Curriculum: policy"
    )]
    [AllowedValues(
        "ppo",
        "ppo-warm",
        "bandit",
        "schedule",
        "fixed",
        "random-action",
        "infobatch",
        "none",
        ErrorMessage = "Use ppo, ppo-warm, bandit, schedule, fixed, random-action, infobatch or none."
    )]
    public string Policy { get; set; } = "ppo";

    [Setting("schedule: rise of the threshold.")]
    [AllowedValues("linear", "cosine", ErrorMessage = "Use linear or cosine.")]
    public string Shape { get; set; } = "linear";

    [Setting("fixed: difficulty threshold.")]
    [Range(0.0, 1.0)]
    public double Threshold { get; set; } = 0.5;

    [Setting("infobatch: share of the samples of low loss that are left out.")]
    [Range(0.01, 0.95)]
    public double PruneProbability { get; set; } = 0.5;

    [Setting("infobatch: share of the run after which every sample is visited.")]
    [Range(0.01, 1.0)]
    public double PruneUntil { get; set; } = 0.875;

    [Setting("ppo-warm: name of the learned policy.")]
    public string Learnt { get; set; } = "";

    /// <summary>Copies the options with changes.</summary>
    public CurriculumOptions With(Action<CurriculumOptions> change)
    {
        var copy = (CurriculumOptions)MemberwiseClone();
        change(copy);
        return copy;
    }
}
