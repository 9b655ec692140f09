using System.ComponentModel.DataAnnotations;

namespace Kd.StudentTrainer.Training;

/// <summary>How the student is trained: the section <c>Training</c>.</summary>
internal sealed class TrainingOptions
{
    public const string Section = "Training";

    /// <summary>Passes over the samples. Default 30; allowed 1 to 100000.</summary>
    [Range(1, 100_000)]
    public int Epochs { get; set; } = 30;

    /// <summary>Samples in one step. Default 128; allowed 2 to 65536.</summary>
    [Range(2, 65_536)]
    public int BatchSize { get; set; } = 128;

    /// <summary>Adam's first step size. Default 1e-3; allowed 1e-9 to 10.</summary>
    [Range(1e-9, 10.0)]
    public double LearningRate { get; set; } = 1e-3;

    /// <summary>Step size at the end of the cosine. Default 1e-6; allowed 0 to 10.</summary>
    [Range(0.0, 10.0)]
    public double FinalLearningRate { get; set; } = 1e-6;

    /// <summary>L2 penalty in Adam. Default 1e-4; allowed 0 to 1.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; set; } = 1e-4;
}

/// <summary>How the teacher is used: the section <c>Distillation</c>.</summary>
internal sealed class DistillationOptions
{
    public const string Section = "Distillation";

    /// <summary>labels, mixed, kd (default) or kd-curriculum.</summary>
    [AllowedValues(Methods.Labels, Methods.Mixed, Methods.Kd, Methods.KdCurriculum, ErrorMessage = "Use labels, mixed, kd or kd-curriculum.")]
    public string Method { get; set; } = Methods.Kd;

    /// <summary>Weight of the labels in the method mixed. Default 0.6; allowed 0 to 1.</summary>
    [Range(0.0, 1.0)]
    public double Alpha { get; set; } = 0.6;

    /// <summary>Softmax temperature, dimensionless; the first one where a curriculum changes it. Default 4; allowed 1 to 20 (2 to 8 with a curriculum).</summary>
    [Range(1.0, 20.0)]
    public double Temperature { get; set; } = 4.0;
}

/// <summary>What a student learns from.</summary>
internal static class Methods
{
    /// <summary>The dataset's labels.</summary>
    public const string Labels = "labels";

    /// <summary>Labels and teacher.</summary>
    public const string Mixed = "mixed";

    /// <summary>The teacher.</summary>
    public const string Kd = "kd";

    /// <summary>The teacher; the curriculum agent picks samples and temperature.</summary>
    public const string KdCurriculum = "kd-curriculum";

    /// <summary>All of them, in the order of the table.</summary>
    public static IReadOnlyList<string> All { get; } = [Labels, Mixed, Kd, KdCurriculum];

    public static bool UsesTeacher(string method) => method != Labels;
}
