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
    private readonly Parameter weight;
    private readonly Parameter bias;
    private readonly Tensor running_mean;
    private readonly Tensor running_var;
    private readonly Tensor num_batches_tracked;

    /// <summary>Weight and variance 1, bias and mean 0.</summary>
    /// <param name="channels">C, at least 1.</param>
    public BatchNorm(int channels) : base(nameof(BatchNorm))
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
        if (training)
        {
            using var _ = no_grad();
            num_batches_tracked.IncrementInPlace();
        }

        return functional.batch_norm(maps, running_mean, running_var, weight, bias, training, momentum: 0.1, eps: 1e-5);
    }
}
