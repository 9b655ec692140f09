using Kd.Vision.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Distillation;

/// <summary>Losses that teach a student.</summary>
public static class DistillationLoss
{
    /// <summary>T^2 * KL(softmax(teacher / T) || softmax(student / T)), mean over the batch.</summary>
    /// <remarks>Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network"; T^2 keeps the gradient's size independent of T.</remarks>
    /// <param name="studentLogits">Shape [N, C], before softmax.</param>
    /// <param name="teacherLogits">Shape [N, C], before softmax, at temperature 1.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Soft(Tensor studentLogits, Tensor teacherLogits, double temperature)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        using var scope = NewDisposeScope();
        var student = functional.log_softmax(studentLogits.DividedBy(temperature), 1); // [N, C]
        var teacher = functional.log_softmax(teacherLogits.DividedBy(temperature), 1); // [N, C]
        var divergence = functional.kl_div(student, teacher, log_target: true, reduction: Reduction.Sum);
        return divergence.Times(temperature * temperature / studentLogits.shape[0]).MoveToOuterDisposeScope();
    }

    /// <summary>alpha * cross-entropy(student, labels) + (1 - alpha) * <see cref="Soft"/>.</summary>
    /// <param name="studentLogits">Shape [N, C], before softmax.</param>
    /// <param name="teacherLogits">Shape [N, C], before softmax, at temperature 1.</param>
    /// <param name="labels">Shape [N], int64, 0 to C - 1.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="alpha">Weight of the labels, 0 to 1.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Mixed(Tensor studentLogits, Tensor teacherLogits, Tensor labels, double temperature, double alpha)
    {
        using var scope = NewDisposeScope();
        var hard = functional.cross_entropy(studentLogits, labels);
        var soft = Soft(studentLogits, teacherLogits, temperature);
        return hard.Times(alpha).Plus(soft.Times(1 - alpha)).MoveToOuterDisposeScope();
    }
}
