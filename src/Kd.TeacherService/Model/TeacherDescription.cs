namespace Kd.TeacherService.Model;

/// <summary>Describes the teacher that is served.</summary>
/// <param name="Id">Hash of everything that affects a logit.</param>
/// <param name="Architecture">Name of the network.</param>
/// <param name="Weights">Path of the weights file, or <c>random</c>.</param>
/// <param name="Precision">Number format of the passes.</param>
/// <param name="Parameters">Number of weights.</param>
/// <param name="InputSize">Width and height that the network was designed for, px.</param>
internal sealed record TeacherDescription(string Id, string Architecture, string Weights, string Precision, long Parameters, int InputSize)
{
    /// <summary>Whether views of another size than <see cref="InputSize"/> cannot be labeled.</summary>
    public bool HasFixedSize { get; init; }
}
