using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the student, the network that is trained: the section <c>Student</c>.</summary>
public sealed class StudentOptions
{
    public const string Section = "Student";

    [Setting(
        "Name of the network: mobilenet_v2, mobilenet_v3_small, mobilenet_v3_large, efficientnet_b0, shufflenet_v2_x0_5 (x1_0, x1_5, x2_0), "
            + "resnet18 (34, 50, 101, 152) or cifar-resnet20 (32, 44, 56, 110)."
    )]
    [Required]
    public string Architecture { get; set; } = "mobilenet_v2";

    [Setting("Width multiplier of a MobileNet or of EfficientNet.", Label = "Width of the student")]
    [Range(0.1, 4.0)]
    public double Width { get; set; } = 1.0;

    [Setting("Form of the network. Small has early strides of 1; Auto: Small for views of 64 px or less.")]
    [EnumDataType(typeof(StudentForm))]
    public StudentForm Form { get; set; } = StudentForm.Auto;

    [Setting("Students that Run:Study=students compares: names of networks, each with a width after a colon unless it is 1.")]
    [Required]
    public string Compare { get; set; } = "mobilenet_v2:0.25,mobilenet_v2:0.5,mobilenet_v2";

    [Setting(
        "Weights to start from, of the same architecture and width: a safetensors file or a PyTorch state dict, for example torchvision's. "
            + "The last layer is new if the classes differ. Empty: random weights.",
        IsPath = true,
        IsShared = true
    )]
    public string? Weights { get; set; }

    [Setting("Input of student.onnx. Normalized: float32 as in training; Pixels: uint8, which it normalizes itself.")]
    [EnumDataType(typeof(OnnxInput))]
    public OnnxInput OnnxInput { get; set; } = OnnxInput.Normalized;

    [Setting("auto, cpu or cuda:N; empty: the setting Device.")]
    public string? Device { get; set; }

    /// <summary>Copies the options with another network, which starts from random weights.</summary>
    public StudentOptions With(string architecture, double width)
    {
        var copy = (StudentOptions)MemberwiseClone();
        (copy.Architecture, copy.Width, copy.Weights) = (architecture, width, null);
        return copy;
    }
}

/// <summary>Form of the student.</summary>
public enum StudentForm
{
    /// <summary>Small for small views, else standard.</summary>
    Auto,

    /// <summary>Early strides of 1, for small pictures.</summary>
    Small,

    /// <summary>torchvision's form.</summary>
    Standard,
}
