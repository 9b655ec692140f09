using System.ComponentModel.DataAnnotations;

namespace Kd.TeacherService.Serving;

/// <summary>Which classifier is served, and how: the section <c>Teacher</c>.</summary>
internal sealed class TeacherOptions
{
    public const string Section = "Teacher";

    /// <summary>Value of <see cref="Weights"/> for untrained weights.</summary>
    public const string RandomWeights = "random";

    /// <summary>Name of the network, or <c>torchscript</c> for a TorchScript file. Default resnet152.</summary>
    [Required]
    public string Architecture { get; set; } = "resnet152";

    /// <summary>Weights file (safetensors, or a PyTorch state dict), or <c>random</c>, which is good for timing only. No default.</summary>
    [Required(ErrorMessage = "Give a weights file (safetensors or a PyTorch state dict), or 'random' to time an untrained network.")]
    public string Weights { get; set; } = "";

    /// <summary>Seed of random weights. Default 1.</summary>
    public long Seed { get; set; } = 1;

    /// <summary>
    /// Names of the network's outputs, in their order, where the weights file does not have them: a text file whose lines begin with
    /// the class name (a WordNet id), or a folder with one folder a class. Needed where the teacher has more classes than the dataset.
    /// </summary>
    public string? ClassList { get; set; }

    /// <summary><c>auto</c>, <c>cpu</c> or <c>cuda:N</c>; empty (default) takes the setting Device, or auto.</summary>
    public string? Device { get; set; }

    /// <summary>Threads of one operation on the CPU; 0 (default) takes all cores.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>float32 (default), bfloat16 or float16, where the device has it.</summary>
    [EnumDataType(typeof(TeacherPrecision))]
    public TeacherPrecision Precision { get; set; } = TeacherPrecision.Float32;

    /// <summary>Width and height that the network was made for, px; 0 (default): 32 for the CIFAR ResNets, else 224. Allowed 0, or 8 to 1024.</summary>
    [Range(0, 1024)]
    public int InputSize { get; set; }

    /// <summary>Most views in one call. Default 256; allowed 1 to 4096.</summary>
    [Range(1, 4096)]
    public int LargestCall { get; set; } = 256;

    /// <summary>Replicas; read by the AppHost. Default 1.</summary>
    [Range(1, 64)]
    public int Replicas { get; set; } = 1;
}
