using Kd.Vision.Export;
using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>Batch normalization over [N, C, H, W] with torch's parameter names.</summary>
/// <remarks>
/// Source: Ioffe and Szegedy 2015. TorchSharp's own module counts its batches with a scalar that a garbage collection can free in the middle
/// of the call (see <see cref="HeldScalars"/>), so it is not used.
/// </remarks>
public sealed class BatchNorm : Module<Tensor, Tensor>, IOnnxSource
{
    /// <summary>Epsilon unless another one is given.</summary>
    public const double DefaultEpsilon = 1e-5;

    private readonly double _epsilon;
    private Parameter weight;
    private Parameter bias;
    private Tensor running_mean;
    private Tensor running_var;
    private Tensor num_batches_tracked;
    private bool _isFolded;

    /// <summary>Creates a layer with weight and variance 1, bias and mean 0.</summary>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="epsilon">Added to the variance, above 0.</param>
    public BatchNorm(int channels, double epsilon = DefaultEpsilon)
        : base(nameof(BatchNorm))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epsilon);
        _epsilon = epsilon;
        weight = new Parameter(ones(channels));
        bias = new Parameter(zeros(channels));
        running_mean = zeros(channels);
        running_var = ones(channels);
        num_batches_tracked = zeros([], ScalarType.Int64);
        RegisterComponents();
    }

    /// <summary>Weight of a batch in the running mean and variance, 0 to 1. Default 0.1.</summary>
    public double Momentum { get; set; } = 0.1;

    /// <summary>Whether training updates the running mean and variance. Default true.</summary>
    public bool IsTracking { get; set; } = true;

    /// <summary>
    /// Computes (x - mean) / sqrt(variance + epsilon) * weight + bias, with the batch's mean and variance in training and the running ones in
    /// evaluation.
    /// </summary>
    /// <param name="maps">Shape [N, C, H, W].</param>
    /// <returns>Shape [N, C, H, W].</returns>
    public override Tensor forward(Tensor maps)
    {
        if (_isFolded)
            return maps.alias();
        if (training && IsTracking)
        {
            using var _ = no_grad();
            num_batches_tracked.IncrementInPlace();
        }

        return functional.batch_norm(maps, running_mean, running_var, weight, bias, training, momentum: IsTracking ? Momentum : 0, eps: _epsilon);
    }

    /// <summary>Makes this module use, and in training update, another module's weights and statistics, with its momentum.</summary>
    internal void ShareWith(BatchNorm other) =>
        (weight, bias, running_mean, running_var, num_batches_tracked, Momentum) = (
            other.weight,
            other.bias,
            other.running_mean,
            other.running_var,
            other.num_batches_tracked,
            other.Momentum
        );

    string IOnnxSource.WriteTo(OnnxGraph graph, string input) => graph.Normalize(input, weight, bias, running_mean, running_var, (float)_epsilon);

    /// <summary>Moves this module's scale and shift into the convolution before it; afterwards this module returns its input unchanged.</summary>
    /// <remarks>w' = w gamma / sqrt(variance + epsilon), b' = beta + (b - mean) gamma / sqrt(variance + epsilon), computed in float64.</remarks>
    /// <param name="convolution">The convolution whose output this module normalizes.</param>
    internal void FoldInto(Convolution convolution)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var scale = weight.to_type(ScalarType.Float64) / running_var.to_type(ScalarType.Float64).PlusInPlace(_epsilon).sqrt(); // [C]
        var offset = convolution.Bias is { } old ? old.to_type(ScalarType.Float64) - running_mean : -running_mean.to_type(ScalarType.Float64);
        var folded = convolution.Weight.to_type(ScalarType.Float64) * scale.reshape(-1, 1, 1, 1); // [C, I, k, k]
        convolution.Weight = new Parameter(folded.to_type(ScalarType.Float32), requires_grad: false);
        convolution.Bias = new Parameter((offset * scale).PlusInPlace(bias).to_type(ScalarType.Float32), requires_grad: false);
        _isFolded = true;
    }
}
