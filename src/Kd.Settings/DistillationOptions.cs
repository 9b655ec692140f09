using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the loss of the student: the section <c>Distillation</c>.</summary>
public sealed class DistillationOptions
{
    public const string Section = "Distillation";

    [Setting(
        "labels: no teacher; mixed: labels and teacher; kd: teacher; kd-curriculum: kd on the samples that the agent chooses; dkd: decoupled; dist: relations; "
            + "ctkd: learned temperature.",
        Label = "Method, without a study"
    )]
    [AllowedValues(
        Methods.Labels,
        Methods.Mixed,
        Methods.Kd,
        Methods.KdCurriculum,
        Methods.Decoupled,
        Methods.Relations,
        Methods.LearnedTemperature,
        ErrorMessage = "Use labels, mixed, kd, kd-curriculum, dkd, dist or ctkd."
    )]
    public string Method { get; set; } = Methods.Kd;

    [Setting(
        "Defaults of optimizer, batch size, learning rate and its schedule, weight decay and clipping. best: those of this table; "
            + "reference: Adam 0.001, batches of 128, weight decay 0.0001, half cosine to 0.000001, no clipping.",
        Label = "Recipe"
    )]
    [AllowedValues(Recipes.Best, Recipes.Reference, ErrorMessage = "Use best or reference.")]
    public string Recipe { get; set; } = Recipes.Best;

    [Setting("mixed: weight of the labels.", Label = "Weight of the labels (mixed)")]
    [Range(0.0, 1.0)]
    public double Alpha { get; set; } = 0.6;

    [Setting("Softmax temperature; the initial one if a curriculum changes it (then 2 to 8). ctkd learns its own.", Label = "Temperature")]
    [Range(1.0, 20.0)]
    public double Temperature { get; set; } = 4.0;

    [Setting("dkd, dist, ctkd: weight of the labels' cross-entropy.")]
    [Range(0.0, 100.0)]
    public double LabelWeight { get; set; } = 1;

    [Setting("dkd: weight of the divergence between target class and rest.")]
    [Range(0.0, 100.0)]
    public double TargetWeight { get; set; } = 1;

    [Setting("dkd: weight of the divergence among the other classes.")]
    [Range(0.0, 100.0)]
    public double OthersWeight { get; set; } = 8;

    [Setting("dkd: epochs, with fraction, over which the weight of the teacher's term rises from 0.")]
    [Range(0.0, 1000.0)]
    public double RampEpochs { get; set; } = 5;

    [Setting("dist: weight of the relations between classes within a sample.")]
    [Range(0.0, 100.0)]
    public double InterWeight { get; set; } = 2;

    [Setting("dist: weight of the relations between samples within a class.")]
    [Range(0.0, 100.0)]
    public double IntraWeight { get; set; } = 2;

    [Setting("ctkd: epochs over which the reversal of the temperature's gradient rises to its full strength.")]
    [Range(0.001, 1000.0)]
    public double TemperatureRamp { get; set; } = 10;

    [Setting("Weights of several teachers in the mean of their softened probabilities, such as 2,1; empty: equal.")]
    public string TeacherWeights { get; set; } = "";
}
