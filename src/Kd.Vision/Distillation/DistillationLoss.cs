using Kd.Vision.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Distillation;

/// <summary>Computes the losses of knowledge distillation.</summary>
public static class DistillationLoss
{
    /// <summary>Computes T^2 * KL(softmax(teacher / T) || softmax(student / T)), mean over the batch.</summary>
    /// <remarks>Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network"; T^2 makes the gradient's magnitude independent of T.</remarks>
    /// <param name="studentLogits">Shape [N, C], before softmax.</param>
    /// <param name="teacherLogits">Shape [N, C], before softmax, at temperature 1.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Soft(Tensor studentLogits, Tensor teacherLogits, double temperature)
    {
        using var scope = NewDisposeScope();
        return Divergence(studentLogits, teacherLogits, temperature, Reduction.Sum)
            .Times(temperature * temperature / studentLogits.shape[0])
            .MoveToOuterDisposeScope();
    }

    /// <summary>Computes <see cref="Soft(Tensor, Tensor, double)"/> of each sample.</summary>
    /// <param name="studentLogits">Shape [N, C], before softmax.</param>
    /// <param name="teacherLogits">Shape [N, C], before softmax, at temperature 1.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <returns>Shape [N].</returns>
    public static Tensor SoftPerSample(Tensor studentLogits, Tensor teacherLogits, double temperature)
    {
        using var scope = NewDisposeScope();
        return Divergence(studentLogits, teacherLogits, temperature, Reduction.None).sum(1).Times(temperature * temperature).MoveToOuterDisposeScope();
    }

    private static Tensor Divergence(Tensor studentLogits, Tensor teacherLogits, double temperature, Reduction reduction)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        var student = functional.log_softmax(studentLogits.DividedBy(temperature), 1); // [N, C]
        var teacher = functional.log_softmax(teacherLogits.DividedBy(temperature), 1); // [N, C]
        return functional.kl_div(student, teacher, log_target: true, reduction: reduction);
    }

    /// <summary>Computes alpha * cross-entropy(student, labels) + (1 - alpha) * <see cref="Soft(Tensor, Tensor, double)"/>.</summary>
    /// <param name="studentLogits">Shape [N, C], before softmax.</param>
    /// <param name="teacherLogits">Shape [N, C], before softmax, at temperature 1.</param>
    /// <param name="labels">Shape [N], int64, 0 to C - 1.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="alpha">Weight of the labels, 0 to 1.</param>
    /// <param name="smoothing">Share of a label's probability that is spread over all classes, 0 to 1.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Mixed(Tensor studentLogits, Tensor teacherLogits, Tensor labels, double temperature, double alpha, double smoothing = 0)
    {
        using var scope = NewDisposeScope();
        var hard = functional.cross_entropy(studentLogits, labels, label_smoothing: smoothing);
        var soft = Soft(studentLogits, teacherLogits, temperature);
        return hard.Times(alpha).Plus(soft.Times(1 - alpha)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Computes T^2 * (alpha * TCKD + beta * NCKD), mean over the batch: the divergence of target against rest, and that among the other classes.
    /// </summary>
    /// <remarks>
    /// With p the softmax at T and y the label, TCKD = KL((p_y, 1 - p_y) of the teacher || of the student), and NCKD = KL of the softmax over the
    /// classes other than y. Source: Zhao et al. 2022, "Decoupled Knowledge Distillation", equations 4 to 8.
    /// </remarks>
    /// <param name="studentLogits">Shape [N, C], before softmax.</param>
    /// <param name="teacherLogits">Shape [N, C], before softmax, at temperature 1.</param>
    /// <param name="labels">Shape [N], int64, 0 to C - 1.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="alpha">Weight of TCKD.</param>
    /// <param name="beta">Weight of NCKD.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Decoupled(Tensor studentLogits, Tensor teacherLogits, Tensor labels, double temperature, double alpha, double beta)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        using var scope = NewDisposeScope();
        // Far below every logit, so that the softmax over the other classes excludes the label's class.
        var far = zeros([labels.shape[0], 1], device: studentLogits.device).PlusInPlace(-1000); // [N, 1]
        var mask = zeros_like(studentLogits).scatter_(1, labels.unsqueeze(1), far); // [N, C]
        var student = studentLogits.DividedBy(temperature);
        var teacher = teacherLogits.DividedBy(temperature);
        var target = Divergence(Binary(teacher), Binary(student));
        var others = Divergence(functional.log_softmax(teacher.Plus(mask), 1), functional.log_softmax(student.Plus(mask), 1));
        return target.Times(alpha).Plus(others.Times(beta)).Times(temperature * temperature / studentLogits.shape[0]).MoveToOuterDisposeScope();

        Tensor Binary(Tensor logits)
        {
            var all = logits.logsumexp(1, keepdim: true); // [N, 1]
            var label = logits.gather(1, labels.unsqueeze(1)) - all; // [N, 1]
            var rest = logits.Plus(mask).logsumexp(1, keepdim: true) - all; // [N, 1]
            return cat([label, rest], 1); // [N, 2]
        }

        static Tensor Divergence(Tensor teacher, Tensor student) => functional.kl_div(student, teacher, log_target: true, reduction: Reduction.Sum);
    }

    /// <summary>Computes T^2 * (inter * d(rows) + intra * d(columns)), where d is 1 - Pearson's correlation, mean over rows or columns.</summary>
    /// <remarks>
    /// The correlation is that of the teacher's and the student's softmax at T. Source: Huang et al. 2022, "Knowledge Distillation from A Stronger
    /// Teacher" (DIST), equations 6 to 9.
    /// </remarks>
    /// <param name="studentLogits">Shape [N, C], before softmax.</param>
    /// <param name="teacherLogits">Shape [N, C], before softmax, at temperature 1.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="inter">Weight of the relations between classes within a sample.</param>
    /// <param name="intra">Weight of the relations between samples within a class.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Relations(Tensor studentLogits, Tensor teacherLogits, double temperature, double inter, double intra)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        using var scope = NewDisposeScope();
        var student = functional.softmax(studentLogits.DividedBy(temperature), 1); // [N, C]
        var teacher = functional.softmax(teacherLogits.DividedBy(temperature), 1); // [N, C]
        var rows = Distance(student, teacher);
        var columns = Distance(student.t(), teacher.t());
        return rows.Times(inter).Plus(columns.Times(intra)).Times(temperature * temperature).MoveToOuterDisposeScope();

        static Tensor Distance(Tensor a, Tensor b)
        {
            var (x, y) = (a - a.mean([1], keepdim: true), b - b.mean([1], keepdim: true));
            // The small number keeps the gradient finite if a row is constant.
            var correlation = (x * y).sum(1) / (x.norm(1, false, 2) * y.norm(1, false, 2)).PlusInPlace(1e-8);
            return ones(1, device: a.device) - correlation.mean();
        }
    }

    /// <summary>Computes <see cref="Soft(Tensor, Tensor, double)"/> at a temperature that is part of the graph.</summary>
    /// <param name="studentLogits">Shape [N, C], before softmax.</param>
    /// <param name="teacherLogits">Shape [N, C], before softmax, at temperature 1.</param>
    /// <param name="temperature">T, a scalar above 0.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Soft(Tensor studentLogits, Tensor teacherLogits, Tensor temperature)
    {
        using var scope = NewDisposeScope();
        var student = functional.log_softmax(studentLogits / temperature, 1); // [N, C]
        var teacher = functional.log_softmax(teacherLogits / temperature, 1); // [N, C]
        var divergence = functional.kl_div(student, teacher, log_target: true, reduction: Reduction.Sum);
        return (divergence.Times(1.0 / studentLogits.shape[0]) * temperature * temperature).squeeze().MoveToOuterDisposeScope();
    }
}
