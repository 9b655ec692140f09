using Kd.Vision.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Distillation;

/// <summary>Measures how hard a sample is, from the teacher's and the student's logits at temperature 1.</summary>
public static class Difficulty
{
    /// <summary>Computes D = 0.3 D_conf + 0.3 D_entropy + 0.4 D_kl of each sample, in [0, 1].</summary>
    /// <remarks>
    /// p_t and p_s are the softmax at T = 1; logarithms are natural: D_conf = 1 - max p_t; D_entropy = -(sum p_t ln p_t) / ln C;
    /// D_kl = min(sum p_t ln(p_t / p_s) / 5, 1). Source: docs/architecture.md, "Difficulty".
    /// </remarks>
    /// <param name="teacherLogits">Shape [N, C], before softmax; C at least 2.</param>
    /// <param name="studentLogits">Shape [N, C], before softmax.</param>
    /// <returns>Shape [N], float32.</returns>
    public static Tensor Measure(Tensor teacherLogits, Tensor studentLogits)
    {
        using var scope = NewDisposeScope();
        var parts = MeasureParts(teacherLogits, studentLogits);
        return parts.Confidence.Times(0.3).PlusInPlace(parts.Entropy, 0.3).PlusInPlace(parts.Divergence, 0.4).MoveToOuterDisposeScope();
    }

    internal static (Tensor Confidence, Tensor Entropy, Tensor Divergence) MeasureParts(Tensor teacherLogits, Tensor studentLogits)
    {
        using var _ = no_grad();
        var teacherLog = functional.log_softmax(teacherLogits.detach(), 1); // [N, C]
        var studentLog = functional.log_softmax(studentLogits.detach(), 1); // [N, C]
        var teacher = teacherLog.exp(); // [N, C]
        var best = teacher.amax([1]); // [N]
        var confidence = ones_like(best) - best; // [N]
        var entropy = (teacher * teacherLog).sum(1).Times(-1 / Math.Log(teacher.shape[1]));
        var divergence = (teacher * (teacherLog - studentLog)).sum(1).Times(0.2).AtMost(1);
        return (confidence, entropy, divergence);
    }
}
