using Kd.Vision.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Parameter = TorchSharp.Modules.Parameter;

namespace Kd.Vision.Optimization;

/// <summary>
/// Trains a network in mixed precision: convolutions and linear layers compute in bfloat16, forward and backward; weights, batch normalization,
/// optimizer and loss stay float32.
/// </summary>
/// <remarks>
/// TorchSharp has no autocast. A twin network has bfloat16 copies of those weights, which are rounded anew before each pass, and shares everything
/// else with the original; its gradients are copied to the original in float32. Bfloat16 has the exponent range of float32, so no loss scaling is
/// needed. Sources: Micikevicius et al. 2018, "Mixed Precision Training"; Kalamkar et al. 2019, "A Study of BFLOAT16 for Deep Learning Training".
/// </remarks>
public sealed class BFloat16Twin : IDisposable
{
    private readonly Module<Tensor, Tensor> _twin;
    private readonly (Parameter Twin, Parameter Master)[] _rounded;

    /// <summary>Connects a twin to its original.</summary>
    /// <param name="twin">A network of the same architecture, on the same device; owned.</param>
    /// <param name="master">The network in training.</param>
    public BFloat16Twin(Module<Tensor, Tensor> twin, Module<Tensor, Tensor> master)
    {
        _twin = twin;
        var pairs = new List<(Parameter, Parameter)>();
        foreach (var (own, original) in twin.modules().Zip(master.modules()))
        {
            switch (own, original)
            {
                case (AffineLayer layer, AffineLayer source):
                    Tie(source.Weight, weight => layer.Weight = weight);
                    Tie(source.Bias, bias => layer.Bias = bias);
                    break;
                case (BatchNorm norm, BatchNorm source):
                    norm.ShareWith(source);
                    break;
            }
        }

        _rounded = [.. pairs];

        void Tie(Parameter? source, Action<Parameter> set)
        {
            if (source is null)
                return;
            var rounded = new Parameter(source.detach().to_type(ScalarType.BFloat16));
            set(rounded);
            pairs.Add((rounded, source));
        }
    }

    /// <summary>Computes one training pass.</summary>
    /// <param name="images">Shape [N, 3, H, W], float32.</param>
    /// <returns>Logits [N, C], float32.</returns>
    public Tensor Call(Tensor images)
    {
        using var scope = NewDisposeScope();
        using (no_grad())
        {
            foreach (var (twin, master) in _rounded)
            {
                using var old = twin.grad;
                twin.grad = null;
                twin.copy_(master);
            }
        }

        _twin.train();
        return _twin.call(images.to_type(ScalarType.BFloat16)).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Copies the gradients of the last backward pass to the original, as float32.</summary>
    public void HandOverGradients()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var (twin, master) in _rounded)
            master.grad = twin.grad?.to_type(ScalarType.Float32);
    }

    /// <summary>Tells whether a device supports a bfloat16 convolution and its gradient.</summary>
    /// <param name="device">The device.</param>
    public static bool IsSupported(Device device)
    {
        using var scope = NewDisposeScope();
        try
        {
            var images = zeros([1, 8, 4, 4], ScalarType.BFloat16, device);
            var weight = zeros([8, 8, 3, 3], ScalarType.BFloat16, device, requires_grad: true);
            functional.conv2d(images, weight, padding: [1, 1]).sum().backward();
            return weight.grad is not null;
        }
        catch (System.Runtime.InteropServices.ExternalException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _twin.Dispose();
}
