using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Kd.Settings;

/// <summary>Options of the method kd-curriculum: the section <c>Curriculum</c>.</summary>
public sealed class CurriculumOptions
{
    public const string Section = "Curriculum";

    /// <summary>Value of <see cref="Resolutions"/> for the full size at all times.</summary>
    public const string NoResolutions = "none";

    [Setting("Defaults of strategy, share, policy and resolutions. best: those of this table; reference: mixed, 0.7, ppo, none.", Label = "Curriculum: preset")]
    [AllowedValues(Recipes.Best, Recipes.Reference, ErrorMessage = "Use best or reference.")]
    public string Preset { get; set; } = Recipes.Best;

    [Setting(
        "Strategy that chooses the samples of an epoch. even: by the density Curriculum:Uniform, :A and :B over the difficulty ranks, unvisited samples first; "
            + "the others by the reference's weights.",
        Label = "Curriculum: strategy"
    )]
    [AllowedValues(
        "even",
        "easy-to-hard",
        "hard-mining",
        "mixed",
        "adaptive",
        "random",
        ErrorMessage = "Use even, easy-to-hard, hard-mining, mixed, adaptive or random."
    )]
    public string Strategy { get; set; } = "even";

    [Setting("Share of the dataset that an epoch visits.", Label = "Curriculum: share of the dataset")]
    [Range(0.01, 1.0)]
    public double EpochRatio { get; set; } = 1;

    [Setting("even: share of the uniform part of the density; the rest is the beta distribution of Curriculum:A and Curriculum:B.")]
    [Range(0.01, 1.0)]
    public double Uniform { get; set; } = 1;

    [Setting("even: first parameter of the beta distribution over the difficulty ranks, 0 the easiest; above Curriculum:B it prefers hard samples.")]
    [Range(1.0, 100.0)]
    public double A { get; set; } = 1;

    [Setting("even: second parameter of the beta distribution; above Curriculum:A it prefers easy samples.")]
    [Range(1.0, 100.0)]
    public double B { get; set; } = 1;

    [Setting(
        "Size of the student's input over the run, as share of the view's size until share of the run's compute: 0.625:0.25,0.75:0.5 trains at 0.625 of the "
            + "size for a quarter of the compute, at 0.75 until its half, then at the full size. none: always the full size."
    )]
    public string Resolutions { get; set; } = "0.625:0.4,0.75:0.65,0.875:0.8";

    [Setting(
        "bandit, ppo, random-action: updates between decisions about the size of the student's input, one of Curriculum:Sizes, by the fall of the loss on a "
            + "probe. 0: a decision after each epoch about temperature and threshold.",
        Label = "Curriculum: updates between decisions"
    )]
    [Range(0, 1_000_000)]
    public int Every { get; set; } = 32;

    [Setting(
        "Last updates of those between two decisions about the size that have the full size. The probe then measures what was learned for good, and not how "
            + "the student fits the size of the last updates. Below Curriculum:Every."
    )]
    [Range(0, 1_000_000)]
    public int Settle { get; set; } = 8;

    [Setting("Sizes of the student's input to decide about, as shares of the view's size, ascending.")]
    public string Sizes { get; set; } = "0.625,0.75,0.875,1";

    [Setting("Training pictures of the probe. They are trained on, too, but in other views, and their labels are not used.")]
    [Range(16, 100_000)]
    public int Probe { get; set; } = 256;

    [Setting("Weight of the newest measurement in the moving average of a sample's difficulty.")]
    [Range(0.01, 1.0)]
    public double Smoothing { get; set; } = 0.5;

    [Setting("Epochs after which the difficulty of an unvisited sample is measured again.")]
    [Range(1, 1_000_000)]
    public int RefreshAfter { get; set; } = 4;

    [Setting(
        "Policy of the agent. bandit, ppo and random-action: see Curriculum:Every; schedule and fixed set the difficulty threshold of the strategy; "
            + "infobatch visits all samples but prunes those with a low loss; none leaves all as it is set.",
        Label = "Curriculum: policy"
    )]
    [AllowedValues(
        "ppo",
        "bandit",
        "schedule",
        "fixed",
        "random-action",
        "infobatch",
        "none",
        ErrorMessage = "Use ppo, bandit, schedule, fixed, random-action, infobatch or none."
    )]
    public string Policy { get; set; } = "none";

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

    /// <summary>Whether the agent decides about the size of the student's input after every few updates.</summary>
    [JsonIgnore]
    public bool DecidesSize => Every > 0 && Policy is "bandit" or "ppo" or "random-action";

    /// <summary>Whether the student's input may be smaller than the views.</summary>
    [JsonIgnore]
    public bool HasSizes => DecidesSize || HasResolutions;

    /// <summary>Whether there is a schedule of sizes.</summary>
    [JsonIgnore]
    public bool HasResolutions => Resolutions is not (NoResolutions or "");

    /// <summary>Copies the options with changes.</summary>
    public CurriculumOptions With(Action<CurriculumOptions> change)
    {
        var copy = (CurriculumOptions)MemberwiseClone();
        change(copy);
        return copy;
    }
}
