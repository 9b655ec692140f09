using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the student, the network that is trained: the section <c>Student</c>.</summary>
public sealed class StudentOptions
{
    public const string Section = "Student";

    [Setting("Name of the network.")]
    [Required]
    public string Architecture { get; set; } = "mobilenet_v2";

    [Setting("Width multiplier of mobilenet_v2.", Label = "Width of the student")]
    [Range(0.1, 4.0)]
    public double Width { get; set; } = 1.0;

    [Setting("Form of mobilenet_v2. Small has early strides of 1; Auto: Small for views of 64 px or less.")]
    [EnumDataType(typeof(StudentForm))]
    public StudentForm Form { get; set; } = StudentForm.Auto;

    [Setting("Input of student.onnx. Normalized: float32 as in training; Pixels: uint8, which it normalizes itself.")]
    [EnumDataType(typeof(OnnxInput))]
    public OnnxInput OnnxInput { get; set; } = OnnxInput.Normalized;

    [Setting("auto, cpu or cuda:N; empty: the setting Device.")]
    public string? Device { get; set; }
}

/// <summary>Form of mobilenet_v2.</summary>
public enum StudentForm
{
    /// <summary>Small for small views, else standard.</summary>
    Auto,

    /// <summary>Early strides of 1, for small pictures.</summary>
    Small,

    /// <summary>torchvision's form.</summary>
    Standard,
}
