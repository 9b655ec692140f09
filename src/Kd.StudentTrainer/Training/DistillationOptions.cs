using System.ComponentModel.DataAnnotations;

namespace Kd.StudentTrainer.Training;

/// <summary>How the teacher is used: the section <c>Distillation</c>.</summary>
internal sealed class DistillationOptions
{
    public const string Section = "Distillation";

    /// <summary>labels, mixed, kd (default), kd-curriculum, dkd, dist or ctkd.</summary>
    [AllowedValues(
        Methods.Labels,
        Methods.Mixed,
        Methods.Kd,
        Methods.KdCurriculum,
        Methods.Decoupled,
        Methods.Relations,
        Methods.LearntTemperature,
        ErrorMessage = "Use labels, mixed, kd, kd-curriculum, dkd, dist or ctkd."
    )]
    public string Method { get; set; } = Methods.Kd;

    /// <summary>Weight of the labels in the method mixed. Default 0.6; allowed 0 to 1.</summary>
    [Range(0.0, 1.0)]
    public double Alpha { get; set; } = 0.6;

    /// <summary>Softmax temperature, dimensionless; the first one where a curriculum changes it; ctkd learns its own. Default 4; allowed 1 to 20 (2 to 8 with a curriculum).</summary>
    [Range(1.0, 20.0)]
    public double Temperature { get; set; } = 4.0;

    /// <summary>Weight of the labels' cross-entropy in dkd, dist and ctkd. Default 1; allowed 0 to 100.</summary>
    [Range(0.0, 100.0)]
    public double LabelWeight { get; set; } = 1;

    /// <summary>dkd: weight of the divergence of (target, rest). Default 1; allowed 0 to 100.</summary>
    [Range(0.0, 100.0)]
    public double TargetWeight { get; set; } = 1;

    /// <summary>dkd: weight of the divergence among the other classes. Default 8; allowed 0 to 100.</summary>
    [Range(0.0, 100.0)]
    public double OthersWeight { get; set; } = 8;

    /// <summary>dkd: epochs, with fraction, in which the teacher's part rises from 0. Default 5; allowed 0 to 1000.</summary>
    [Range(0.0, 1000.0)]
    public double RampEpochs { get; set; } = 5;

    /// <summary>dist: weight of the relations between classes within a sample. Default 2; allowed 0 to 100.</summary>
    [Range(0.0, 100.0)]
    public double InterWeight { get; set; } = 2;

    /// <summary>dist: weight of the relations between samples within a class. Default 2; allowed 0 to 100.</summary>
    [Range(0.0, 100.0)]
    public double IntraWeight { get; set; } = 2;

    /// <summary>ctkd: epochs in which the temperature's opposition grows. Default 10; allowed 0.001 to 1000.</summary>
    [Range(0.001, 1000.0)]
    public double TemperatureRamp { get; set; } = 10;
}
