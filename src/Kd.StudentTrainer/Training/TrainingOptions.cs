using System.ComponentModel.DataAnnotations;

namespace Kd.StudentTrainer.Training;

/// <summary>How the student is trained: the section <c>Training</c>.</summary>
internal sealed class TrainingOptions
{
    public const string Section = "Training";

    /// <summary>Passes over the samples. Default 30; allowed 1 to 100000.</summary>
    [Range(1, 100_000)]
    public int Epochs { get; set; } = 30;

    /// <summary>
    /// Updates after which the run ends, however many epochs those are; the step size's schedule then follows them. 0 (default): Epochs counts. With it runs that visit
    /// fewer samples an epoch can be compared at equal updates.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int Updates { get; set; }

    /// <summary>Samples in one step. Default 128; allowed 2 to 65536.</summary>
    [Range(2, 65_536)]
    public int BatchSize { get; set; } = 128;

    /// <summary>
    /// <see cref="TrainingPrecision.Float32"/> (default), or <see cref="TrainingPrecision.BFloat16"/>: convolutions and linear layers in bfloat16, everything else in float32
    /// (mixed precision), where the device has it.
    /// </summary>
    [EnumDataType(typeof(TrainingPrecision))]
    public TrainingPrecision Precision { get; set; }

    /// <summary>adam (default), adamw or sgd.</summary>
    [AllowedValues("adam", "adamw", "sgd", ErrorMessage = "Use adam, adamw or sgd.")]
    public string Optimizer { get; set; } = "adam";

    /// <summary>Largest step size, after the warm-up. Default 1e-3; allowed 1e-9 to 10.</summary>
    [Range(1e-9, 10.0)]
    public double LearningRate { get; set; } = 1e-3;

    /// <summary>Step size at the end of the cosine. Default 1e-6; allowed 0 to 10.</summary>
    [Range(0.0, 10.0)]
    public double FinalLearningRate { get; set; } = 1e-6;

    /// <summary>Epochs, with fraction, in which the step size rises from a hundredth. Default 0; allowed 0 to 1000.</summary>
    [Range(0.0, 1000.0)]
    public double WarmupEpochs { get; set; }

    /// <summary>L2 penalty in adam and sgd, decoupled decay in adamw. Default 1e-4; allowed 0 to 1.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; set; } = 1e-4;

    /// <summary>Momentum of sgd. Default 0.9; allowed 0 to 0.9999.</summary>
    [Range(0.0, 0.9999)]
    public double Momentum { get; set; } = 0.9;

    /// <summary>Share of a label's probability that is spread over all classes. Default 0; allowed 0 to 0.9.</summary>
    [Range(0.0, 0.9)]
    public double LabelSmoothing { get; set; }

    /// <summary>Largest Euclidean norm of all gradients together; 0 (default): no limit. Allowed 0 to 1000000.</summary>
    [Range(0.0, 1_000_000.0)]
    public double GradientClip { get; set; }

    /// <summary>Decay, per step, of the weights' moving average, which is then what is evaluated and saved; 0 (default): none. Allowed 0 to 0.99999.</summary>
    [Range(0.0, 0.99999)]
    public double AverageDecay { get; set; }

    /// <summary>The same options with another length.</summary>
    internal TrainingOptions WithUpdates(int updates)
    {
        var copy = (TrainingOptions)MemberwiseClone();
        copy.Updates = updates;
        return copy;
    }
}

/// <summary>What training passes are computed in.</summary>
internal enum TrainingPrecision
{
    /// <summary>Everything in float32.</summary>
    Float32,

    /// <summary>Mixed precision with bfloat16.</summary>
    BFloat16,
}
