using Kd.Vision.Export;
using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>Batch normalisation over [N, C, H, W], with torch's parameter names, momentum 0.1 and epsilon 1e-5.</summary>
/// <remarks>
/// Source: Ioffe and Szegedy 2015. Not TorchSharp's module, because that counts its batches with a scalar that a garbage collection can
/// free in the middle of the call (see <see cref="HeldScalars"/>).
/// </remarks>
public sealed class BatchNorm : Module<Tensor, Tensor>
{
    private const double Epsilon = 1e-5;

    private Parameter weight;
    private Parameter bias;
    private Tensor running_mean;
    private Tensor running_var;
    private Tensor num_batches_tracked;
    private bool _isFolded;

    /// <summary>Weight and variance 1, bias and mean 0.</summary>
    /// <param name="channels">C, at least 1.</param>
    public BatchNorm(int channels)
        : base(nameof(BatchNorm))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        weight = new Parameter(ones(channels));
        bias = new Parameter(zeros(channels));
        running_mean = zeros(channels);
        running_var = ones(channels);
        num_batches_tracked = zeros([], ScalarType.Int64);
        RegisterComponents();
    }

    /// <summary>(x - mean) / sqrt(variance + epsilon) * weight + bias; mean and variance of the batch in training, the running ones in evaluation.</summary>
    /// <param name="maps">Shape [N, C, H, W].</param>
    /// <returns>Shape [N, C, H, W].</returns>
    public override Tensor forward(Tensor maps)
    {
        if (_isFolded)
            return maps.alias();
        if (training)
        {
            using var _ = no_grad();
            num_batches_tracked.IncrementInPlace();
        }

        return functional.batch_norm(maps, running_mean, running_var, weight, bias, training, momentum: 0.1, eps: Epsilon);
    }

    /// <summary>Computes with another module's weights and statistics from now on, and updates them.</summary>
    internal void ShareWith(BatchNorm other) =>
        (weight, bias, running_mean, running_var, num_batches_tracked) = (
            other.weight,
            other.bias,
            other.running_mean,
            other.running_var,
            other.num_batches_tracked
        );

    internal string WriteTo(OnnxGraph graph, string input) => graph.Normalize(input, weight, bias, running_mean, running_var, (float)Epsilon);

    /// <summary>Moves this module's scale and shift into the convolution in front of it; from then on it hands its input on.</summary>
    /// <remarks>w' = w gamma / sqrt(variance + epsilon), b' = beta + (b - mean) gamma / sqrt(variance + epsilon), computed in float64.</remarks>
    /// <param name="convolution">The convolution whose output this module normalises.</param>
    internal void FoldInto(Conv2d convolution)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var scale = weight.to_type(ScalarType.Float64) / running_var.to_type(ScalarType.Float64).PlusInPlace(Epsilon).sqrt(); // [C]
        var offset = convolution.bias is { } old ? old.to_type(ScalarType.Float64) - running_mean : -running_mean.to_type(ScalarType.Float64);
        var folded = convolution.weight.to_type(ScalarType.Float64) * scale.reshape(-1, 1, 1, 1); // [C, I, k, k]
        convolution.weight = new Parameter(folded.to_type(ScalarType.Float32), requires_grad: false);
        convolution.bias = new Parameter((offset * scale).PlusInPlace(bias).to_type(ScalarType.Float32), requires_grad: false);
        _isFolded = true;
    }
}
