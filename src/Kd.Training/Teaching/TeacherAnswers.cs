using Kd.Vision.Distillation;
using Kd.Vision.Views;
using static TorchSharp.torch;

namespace Kd.Training.Teaching;

/// <summary>The views of a batch, and how their logits are wanted.</summary>
/// <param name="Views">Ids of N views.</param>
/// <param name="Pixels">Pixels of the views, [N, 3, size, size], sent only for views that a cache lacks.</param>
/// <param name="Size">Width and height, px.</param>
/// <param name="Shares">Weight of each teacher, in sum 1.</param>
internal sealed record TeacherQuestion(ViewId[] Views, ReadOnlyMemory<byte> Pixels, int Size, IReadOnlyList<double> Shares)
{
    /// <summary>Whether to wait for all teachers, even if TeacherClient:WhenAway permits to go on without one.</summary>
    public bool NeedsAll { get; init; }
}

/// <summary>The logits of one or several teachers for a batch.</summary>
internal sealed class TeacherAnswers
{
    private readonly IReadOnlyList<float[]?> _logits;
    private readonly float[][] _present;
    private readonly double[] _weights;
    private float[]? _mean;

    /// <param name="logits">Logits of each teacher, row-major [N, C], at temperature 1; null for a teacher that was unavailable, but not for all.</param>
    /// <param name="shares">Weight of each teacher, above 0. Those of the present teachers are scaled so that their sum is 1.</param>
    public TeacherAnswers(IReadOnlyList<float[]?> logits, IReadOnlyList<double> shares)
    {
        _logits = logits;
        _present = [.. logits.OfType<float[]>()];
        var weights = shares.Where((_, teacher) => logits[teacher] is not null).ToList();
        _weights = [.. weights.Select(weight => weight / weights.Sum())];
    }

    /// <summary>Gets the logits of the teacher, or of the mean of the present ones, row-major [N, C], at temperature 1.</summary>
    /// <param name="count">N.</param>
    public float[] Mean(int count) => _present.Length == 1 ? _present[0] : _mean ??= ComputeMean(count);

    /// <summary>Gets the logits of one teacher, row-major [N, C], at temperature 1; null if it was unavailable.</summary>
    public float[]? Of(int teacher) => _logits[teacher];

    /// <summary>Creates the target of the losses; its tensors belong to the current dispose scope.</summary>
    /// <param name="count">N.</param>
    /// <param name="device">The student's device.</param>
    public TeacherTarget ToTarget(int count, Device device) =>
        _present.Length == 1
            ? new TeacherTarget(tensor(_present[0], device: device).reshape(count, -1)) // [N, C]
            : new TeacherTarget(stack(_present.Select(logits => tensor(logits, device: device).reshape(count, -1))), _weights); // [K, N, C]

    private float[] ComputeMean(int count)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        return ToTarget(count, CPU).At(1).data<float>().ToArray();
    }
}
