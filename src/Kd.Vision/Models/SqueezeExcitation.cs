using Kd.Vision.Export;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>Scales each channel by a gate that is computed from the means of all channels, with torchvision's parameter names.</summary>
/// <remarks>Source: Hu et al. 2018, "Squeeze-and-Excitation Networks", equations 2 to 4.</remarks>
internal sealed class SqueezeExcitation : Module<Tensor, Tensor>, IOnnxSource
{
    private readonly Convolution fc1;
    private readonly Convolution fc2;
    private readonly bool _isHard;

    /// <param name="channels">Channels of the input.</param>
    /// <param name="squeezed">Channels between the two layers.</param>
    /// <param name="isHard">True for ReLU and hard sigmoid (MobileNetV3), false for SiLU and sigmoid (EfficientNet).</param>
    public SqueezeExcitation(int channels, int squeezed, bool isHard)
        : base(nameof(SqueezeExcitation))
    {
        fc1 = new Convolution(channels, squeezed, 1, bias: true);
        fc2 = new Convolution(squeezed, channels, 1, bias: true);
        _isHard = isHard;
        RegisterComponents();
    }

    public override Tensor forward(Tensor maps)
    {
        using var scope = NewDisposeScope();
        var squeezed = fc1.call(functional.adaptive_avg_pool2d(maps, (1, 1))); // [N, S, 1, 1]
        var gate = fc2.call(_isHard ? functional.relu(squeezed) : functional.silu(squeezed)); // [N, C, 1, 1]
        gate = _isHard ? functional.hardsigmoid(gate) : gate.sigmoid();
        return (maps * gate).MoveToOuterDisposeScope(); // [N, C, H, W]
    }

    string IOnnxSource.WriteTo(OnnxGraph graph, string input)
    {
        var squeezed = graph.Write(fc1, graph.Average(input));
        var gate = graph.Write(fc2, _isHard ? graph.Relu(squeezed) : graph.Silu(squeezed));
        return graph.Multiply(input, _isHard ? graph.HardSigmoid(gate) : graph.Sigmoid(gate));
    }
}
