using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the teacher, the classifier that is served: the section <c>Teacher</c>.</summary>
public sealed class TeacherOptions
{
    public const string Section = "Teacher";

    /// <summary>Value of <see cref="Weights"/> for untrained weights.</summary>
    public const string RandomWeights = "random";

    [Setting("Name of the network; onnx for an ONNX file, torchscript for a TorchScript file.")]
    [Required]
    public string Architecture { get; set; } = "resnet152";

    [Setting(
        "Weights file (safetensors or a PyTorch state dict), ONNX or TorchScript file, the name of a finished run in Run:Folder (AppHost only), or random, "
            + "which is useful for timing only.",
        IsPath = true
    )]
    [Required(ErrorMessage = "Give a weights file (safetensors, a PyTorch state dict or ONNX), or 'random' to time an untrained network.")]
    public string Weights { get; set; } = "";

    [Setting(
        "Permission to load a TorchScript file, which runs its author's code: true, or the file's SHA-256, which permits only that file. "
            + "Other weights files run no code."
    )]
    [RegularExpression("(?i)true|false|[0-9a-f]{64}", ErrorMessage = "Use true, false or a SHA-256 of 64 hexadecimal digits.")]
    public string AllowScript { get; set; } = "false";

    [Setting("Seed of random weights.")]
    public long Seed { get; set; } = 1;

    [Setting(
        "Names of the network's outputs in order, if the weights file has none: a text file whose lines begin with the class name (a WordNet id), "
            + "or a folder with a folder per class. Needed if the teacher has more classes than the dataset.",
        IsPath = true
    )]
    public string? ClassList { get; set; }

    [Setting(
        "Runs the network: torch or ONNX Runtime, which loads networks of the catalog, too. Auto: ONNX Runtime for an ONNX file "
            + "and, on a CPU in Float32, for all networks but cifar-*; else torch."
    )]
    [EnumDataType(typeof(TeacherEngine))]
    public TeacherEngine Engine { get; set; }

    [Setting(
        "Mean of red, green and blue, on a scale of 0 to 1, that the network expects, such as 0.5,0.5,0.5; empty: mean in the metadata of an ONNX file, "
            + "else ImageNet's."
    )]
    public string? Mean { get; set; }

    [Setting("Standard deviation of red, green and blue; empty: std in the metadata of an ONNX file, else ImageNet's.")]
    public string? StandardDeviation { get; set; }

    [Setting("auto, cpu or cuda:N; empty: the setting Device.")]
    public string? Device { get; set; }

    [Setting("CPU threads of one operation of the teacher; 0: all cores. Beside training, the AppHost gives a teacher of cifar-* its share of the cores.")]
    [Range(0, 1024)]
    public int Threads { get; set; }

    [Setting("Number format, if the device supports it. A self-check at the start refuses a format whose logits differ too much.")]
    [EnumDataType(typeof(TeacherPrecision))]
    public TeacherPrecision Precision { get; set; } = TeacherPrecision.Float32;

    [Setting("Width and height that the network expects, px, at least 8; 0: that of an ONNX file or of a student, 32 for the CIFAR ResNets, else 224.")]
    [Range(0, CallLimits.LargestSide)]
    public int InputSize { get; set; }

    [Setting("Largest number of views in one call.")]
    [Range(1, 4096)]
    public int LargestCall { get; set; } = 256;

    [Setting("Number of teacher processes.")]
    [Range(1, 64)]
    public int Replicas { get; set; } = 1;

    /// <summary>Whether a network is small: a view takes one to five milliseconds on one core.</summary>
    public static bool IsSmall(string? architecture) => architecture?.StartsWith("cifar-", StringComparison.Ordinal) == true;
}

/// <summary>Library that runs the teacher's forward pass.</summary>
public enum TeacherEngine
{
    /// <summary>ONNX Runtime for an ONNX file and, on a CPU in float32, for networks of the catalog that are not small; else torch.</summary>
    Auto,

    /// <summary>torch.</summary>
    Torch,

    /// <summary>ONNX Runtime.</summary>
    Onnx,
}

/// <summary>Number format of the teacher's forward pass.</summary>
public enum TeacherPrecision
{
    /// <summary>float32.</summary>
    Float32,

    /// <summary>bfloat16.</summary>
    BFloat16,

    /// <summary>float16.</summary>
    Float16,
}
