using System.ComponentModel.DataAnnotations;
using Kd.Vision.Export;

namespace Kd.StudentTrainer.Training;

/// <summary>Which network is trained: the section <c>Student</c>.</summary>
internal sealed class StudentOptions
{
    public const string Section = "Student";

    /// <summary>Name of the network. Default mobilenet_v2.</summary>
    [Required]
    public string Architecture { get; set; } = "mobilenet_v2";

    /// <summary>Width multiplier of mobilenet_v2. Default 1; allowed 0.1 to 4.</summary>
    [Range(0.1, 4.0)]
    public double Width { get; set; } = 1.0;

    /// <summary>Form of mobilenet_v2: auto (default; small for views of 64 px or less), small (early strides 1) or standard.</summary>
    [EnumDataType(typeof(StudentForm))]
    public StudentForm Form { get; set; } = StudentForm.Auto;

    /// <summary>What student.onnx takes: Normalized (default), float32 as in training; Pixels, uint8 that it normalises itself.</summary>
    [EnumDataType(typeof(OnnxInput))]
    public OnnxInput OnnxInput { get; set; } = OnnxInput.Normalized;

    /// <summary>auto, cpu or cuda:N; empty (default) takes the setting Device, or auto.</summary>
    public string? Device { get; set; }
}

/// <summary>Form of mobilenet_v2.</summary>
internal enum StudentForm
{
    Auto,
    Small,
    Standard,
}
