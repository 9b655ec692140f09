using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the training of the student: the section <c>Training</c>.</summary>
public sealed class TrainingOptions
{
    public const string Section = "Training";

    [Setting("Epochs of a run.", Label = "Epochs")]
    [Range(1, 100_000)]
    public int Epochs { get; set; } = 30;

    [Setting("Number of updates after which a run ends, regardless of its epochs; the learning rate then follows the updates. 0: Training:Epochs holds.")]
    [Range(0, int.MaxValue)]
    public int Updates { get; set; }

    [Setting("Samples per step.", Label = "Batch size")]
    [Range(2, 65_536)]
    public int BatchSize { get; set; } = 128;

    [Setting("BFloat16: convolutions and linear layers in bfloat16, everything else in float32 (mixed precision), if the device supports it.")]
    [EnumDataType(typeof(TrainingPrecision))]
    public TrainingPrecision Precision { get; set; }

    [Setting("Optimizer.")]
    [AllowedValues("adam", "adamw", "sgd", ErrorMessage = "Use adam, adamw or sgd.")]
    public string Optimizer { get; set; } = "adam";

    [Setting("Largest learning rate, after the warm-up.", Label = "Learning rate")]
    [Range(1e-9, 10.0)]
    public double LearningRate { get; set; } = 1e-3;

    [Setting("Learning rate at the end of the half cosine.")]
    [Range(0.0, 10.0)]
    public double FinalLearningRate { get; set; } = 1e-6;

    [Setting("Epochs, with fraction, of the linear warm-up from a hundredth of the learning rate.")]
    [Range(0.0, 1000.0)]
    public double WarmupEpochs { get; set; }

    [Setting("L2 penalty of adam and sgd, decoupled weight decay of adamw.")]
    [Range(0.0, 1.0)]
    public double WeightDecay { get; set; } = 1e-4;

    [Setting("Momentum of sgd.")]
    [Range(0.0, 0.9999)]
    public double Momentum { get; set; } = 0.9;

    [Setting("Share of a label's probability that is spread over all classes.")]
    [Range(0.0, 0.9)]
    public double LabelSmoothing { get; set; }

    [Setting("Largest Euclidean norm of all gradients together; 0: no limit.")]
    [Range(0.0, 1_000_000.0)]
    public double GradientClip { get; set; }

    [Setting("Decay per step of the weights' moving average, which is then evaluated and saved; 0: no average.")]
    [Range(0.0, 0.99999)]
    public double AverageDecay { get; set; }

    /// <summary>Copies the options with another number of updates.</summary>
    public TrainingOptions WithUpdates(int updates)
    {
        var copy = (TrainingOptions)MemberwiseClone();
        copy.Updates = updates;
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
