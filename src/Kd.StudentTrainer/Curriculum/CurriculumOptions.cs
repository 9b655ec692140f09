using System.ComponentModel.DataAnnotations;
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

    internal Strategy ProtocolStrategy => Strategy switch
    {
        "easy-to-hard" => Protocol.Curriculum.V1.Strategy.EasyToHard,
        "hard-mining" => Protocol.Curriculum.V1.Strategy.HardMining,
        "mixed" => Protocol.Curriculum.V1.Strategy.Mixed,
        "adaptive" => Protocol.Curriculum.V1.Strategy.Adaptive,
        _ => Protocol.Curriculum.V1.Strategy.Random,
    };
}
