using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the training of the student: the section <c>Training</c>.</summary>
public sealed class TrainingOptions
{
    public const string Section = "Training";

    /// <summary>Values of <see cref="Schedule"/>.</summary>
    public const string Cosine = "cosine",
        OneCycle = "one-cycle";

    [Setting(
        "Epochs of a run. kd-curriculum with smaller inputs spends the compute of as many epochs at full size, and so takes more of them.",
        Label = "Epochs"
    )]
    [Range(1, 100_000)]
    public int Epochs { get; set; } = 30;

    [Setting("Number of updates after which a run ends, regardless of its epochs; the learning rate then follows the updates. 0: Training:Epochs holds.")]
    [Range(0, int.MaxValue)]
    public int Updates { get; set; }

    [Setting("Samples per step.", Label = "Batch size")]
    [Range(2, 65_536)]
    public int BatchSize { get; set; } = 64;

    [Setting("BFloat16: convolutions and linear layers in bfloat16, everything else in float32 (mixed precision), if the device supports it.")]
    [EnumDataType(typeof(TrainingPrecision))]
    public TrainingPrecision Precision { get; set; }

    [Setting("Optimizer.")]
    [AllowedValues("adam", "adamw", "sgd", ErrorMessage = "Use adam, adamw or sgd.")]
    public string Optimizer { get; set; } = "sgd";

    [Setting("Largest learning rate, after the warm-up.", Label = "Learning rate")]
    [Range(1e-9, 10.0)]
    public double LearningRate { get; set; } = 0.2;

    [Setting("Factor of the learning rate of all layers but the last, for a student that starts from Student:Weights.")]
    [Range(0.0, 1.0)]
    public double BackboneRate { get; set; } = 1;

    [Setting(
        "cosine: a half cosine from the largest learning rate to the final one, after Training:WarmupEpochs; "
            + "one-cycle: a line up to the largest during Training:WarmupShare, then a line down to the final one.",
        Label = "Learning rate schedule"
    )]
    [AllowedValues(Cosine, OneCycle, ErrorMessage = "Use cosine or one-cycle.")]
    public string Schedule { get; set; } = OneCycle;

    [Setting("Learning rate at the end of the run.")]
    [Range(0.0, 10.0)]
    public double FinalLearningRate { get; set; }

    [Setting("cosine: epochs, with fraction, of the linear warm-up from a hundredth of the learning rate.")]
    [Range(0.0, 1000.0)]
    public double WarmupEpochs { get; set; }

    [Setting("one-cycle: share of the run's updates that the rise from a hundredth of the learning rate takes.")]
    [Range(0.0, 0.9)]
    public double WarmupShare { get; set; } = 0.15;

    [Setting("L2 penalty of adam and sgd, decoupled weight decay of adamw.")]
    [Range(0.0, 1.0)]
    public double WeightDecay { get; set; } = 5e-4;

    [Setting("Whether weight decay applies to the parameters of normalization and to biases, too.")]
    public bool DecayNorms { get; set; }

    [Setting("Momentum of sgd.")]
    [Range(0.0, 0.9999)]
    public double Momentum { get; set; } = 0.9;

    [Setting("sgd: whether the momentum is Nesterov's.")]
    public bool Nesterov { get; set; } = true;

    [Setting("Weight of a batch in the running statistics of batch normalization.")]
    [Range(0.001, 1.0)]
    public double NormMomentum { get; set; } = 0.1;

    [Setting("Share of a label's probability that is spread over all classes.")]
    [Range(0.0, 0.9)]
    public double LabelSmoothing { get; set; }

    [Setting("Largest Euclidean norm of all gradients together; 0: no limit.")]
    [Range(0.0, 1_000_000.0)]
    public double GradientClip { get; set; } = 2;

    [Setting("Decay per step of the weights' moving average, which is then evaluated and saved; 0: no average.")]
    [Range(0.0, 0.99999)]
    public double AverageDecay { get; set; }

    /// <summary>Copies the options with changes.</summary>
    public TrainingOptions With(Action<TrainingOptions> change)
    {
        var copy = (TrainingOptions)MemberwiseClone();
        change(copy);
        return copy;
    }
}

/// <summary>Number format of training.</summary>
public enum TrainingPrecision
{
    /// <summary>float32 throughout.</summary>
    Float32,

    /// <summary>Mixed precision with bfloat16.</summary>
    BFloat16,
}
