using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Kd.Protocol.Curriculum.V1;

namespace Kd.StudentTrainer.Curriculum;

/// <summary>How the method kd-curriculum picks samples: the section <c>Curriculum</c>.</summary>
internal sealed class CurriculumOptions
{
    public const string Section = "Curriculum";

    /// <summary>easy-to-hard (default), hard-mining, mixed, adaptive or random.</summary>
    [AllowedValues("easy-to-hard", "hard-mining", "mixed", "adaptive", "random", ErrorMessage = "Use easy-to-hard, hard-mining, mixed, adaptive or random.")]
    public string Strategy { get; set; } = "easy-to-hard";

    /// <summary>Share of the dataset that an epoch visits. Default 0.7; allowed 0.01 to 1.</summary>
    [Range(0.01, 1.0)]
    public double EpochRatio { get; set; } = 0.7;

    /// <summary>Weight of the newest measurement in a sample's difficulty. Default 0.5; allowed 0.01 to 1.</summary>
    [Range(0.01, 1.0)]
    public double Smoothing { get; set; } = 0.5;

    /// <summary>Epochs after which an unvisited sample's difficulty is measured again. Default 4; allowed 1 to 1000000.</summary>
    [Range(1, 1_000_000)]
    public int RefreshAfter { get; set; } = 4;

    /// <summary>
    /// Who decides: <c>ppo</c> (default), <c>ppo-warm</c> (begins with the policy of Learnt), <c>bandit</c>, <c>schedule</c>, <c>fixed</c>, <c>random-action</c>, <c>infobatch</c>
    /// (visits all samples but prunes those of low loss), <c>none</c> (all samples).
    /// </summary>
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

    /// <summary>Rise of the schedule's threshold: <c>linear</c> (default) or <c>cosine</c>.</summary>
    [AllowedValues("linear", "cosine", ErrorMessage = "Use linear or cosine.")]
    public string Shape { get; set; } = "linear";

    /// <summary>Threshold of the policy fixed. Default 0.5; allowed 0 to 1.</summary>
    [Range(0.0, 1.0)]
    public double Threshold { get; set; } = 0.5;

    /// <summary>Share of the samples of low loss that infobatch leaves out. Default 0.5; allowed 0.01 to 0.95.</summary>
    [Range(0.01, 0.95)]
    public double PruneProbability { get; set; } = 0.5;

    /// <summary>Share of the run after which infobatch visits every sample. Default 0.875; allowed 0.01 to 1.</summary>
    [Range(0.01, 1.0)]
    public double PruneUntil { get; set; } = 0.875;

    /// <summary>Name of the learnt policy that ppo-warm begins with.</summary>
    public string Learnt { get; set; } = "";

    internal PolicySettings ProtocolPolicy =>
        new()
        {
            Policy = Policy switch
            {
                "ppo-warm" => Protocol.Curriculum.V1.Policy.PpoWarm,
                "bandit" => Protocol.Curriculum.V1.Policy.Bandit,
                "schedule" => Protocol.Curriculum.V1.Policy.Schedule,
                "fixed" => Protocol.Curriculum.V1.Policy.Fixed,
                "random-action" => Protocol.Curriculum.V1.Policy.RandomAction,
                "infobatch" => Protocol.Curriculum.V1.Policy.Infobatch,
                "none" => Protocol.Curriculum.V1.Policy.None,
                "ppo" => Protocol.Curriculum.V1.Policy.Ppo,
                _ => throw new UnreachableException($"Curriculum:Policy is '{Policy}'."),
            },
            Shape = Shape == "cosine" ? Protocol.Curriculum.V1.Shape.Cosine : Protocol.Curriculum.V1.Shape.Linear,
            Threshold = Threshold,
            PruneProbability = PruneProbability,
            PruneUntil = PruneUntil,
            Learnt = Learnt,
        };

    /// <summary>The same options with changes.</summary>
    internal CurriculumOptions With(Action<CurriculumOptions> change)
    {
        var copy = (CurriculumOptions)MemberwiseClone();
        change(copy);
        return copy;
    }

    internal Strategy ProtocolStrategy =>
        Strategy switch
        {
            "easy-to-hard" => Protocol.Curriculum.V1.Strategy.EasyToHard,
            "hard-mining" => Protocol.Curriculum.V1.Strategy.HardMining,
            "mixed" => Protocol.Curriculum.V1.Strategy.Mixed,
            "adaptive" => Protocol.Curriculum.V1.Strategy.Adaptive,
            "random" => Protocol.Curriculum.V1.Strategy.Random,
            _ => throw new UnreachableException($"Curriculum:Strategy is '{Strategy}'."),
        };
}
