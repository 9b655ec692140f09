using Kd.Vision.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Distillation;

/// <summary>The logits that the losses compare the student's with: those of one teacher, or those of the weighted mean of several.</summary>
public sealed class TeacherTarget
{
    private readonly Tensor _logits;
    private readonly Tensor? _logWeights;

    /// <summary>Creates the target of one teacher.</summary>
    /// <param name="logits">Shape [N, C], before softmax, at temperature 1.</param>
    public TeacherTarget(Tensor logits) => _logits = logits;

    /// <summary>Creates the target of several teachers.</summary>
    /// <param name="logits">Shape [K, N, C], before softmax, at temperature 1.</param>
    /// <param name="weights">Weight of each teacher, K numbers above 0 that sum to 1.</param>
    public TeacherTarget(Tensor logits, IReadOnlyList<double> weights)
    {
        if (logits.dim() != 3 || logits.shape[0] != weights.Count)
            throw new ArgumentException($"{weights.Count} weights for logits of the shape [{string.Join(", ", logits.shape)}], expected [K, N, C].");
        _logits = logits;
        _logWeights = tensor(weights.Select(weight => (float)Math.Log(weight)).ToArray(), device: logits.device).reshape(-1, 1, 1); // [K, 1, 1]
    }

    /// <summary>Gets the logits for a softmax at a temperature: T ln p of <see cref="LogMean"/>; those of a single teacher are the same at each T.</summary>
    /// <param name="temperature">T, above 0.</param>
    /// <returns>Shape [N, C].</returns>
    public Tensor At(double temperature) => _logWeights is null ? _logits : LogMean(_logits.DividedBy(temperature)).Times(temperature);

    /// <summary>Gets the same logits at a temperature that is part of the graph.</summary>
    /// <param name="temperature">T, a scalar above 0.</param>
    /// <returns>Shape [N, C].</returns>
    public Tensor At(Tensor temperature) => _logWeights is null ? _logits : LogMean(_logits / temperature) * temperature;

    /// <summary>Computes ln p, where p = sum_k w_k softmax(z_k / T) is the mean of the teachers' softened probabilities.</summary>
    /// <remarks>
    /// The logits T ln p have p as their softmax at T, so that every loss and its source hold for the mean, too. Sources: Hinton et al. 2015, "Distilling
    /// the Knowledge in a Neural Network", section 1 (the soft targets of an ensemble are the mean of its members' distributions); You et al. 2017,
    /// "Learning from Multiple Teacher Networks", section 3.1 (the mean of the softened outputs).
    /// </remarks>
    /// <param name="softened">z / T, shape [K, N, C].</param>
    /// <returns>Shape [N, C].</returns>
    private Tensor LogMean(Tensor softened)
    {
        using var scope = NewDisposeScope();
        var logs = functional.log_softmax(softened, 2).Plus(_logWeights!); // [K, N, C]
        return logs.logsumexp(0).MoveToOuterDisposeScope(); // [N, C]
    }
}
