using Kd.Vision.Export;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>A convolution over [N, C, H, W] that keeps the size at stride 1.</summary>
/// <param name="input">Input channels.</param>
/// <param name="output">Output channels.</param>
/// <param name="kernel">Width and height of the kernel, odd.</param>
/// <param name="stride">Stride.</param>
/// <param name="groups">Groups of channels.</param>
/// <param name="bias">Whether it has a bias.</param>
internal sealed class Convolution(int input, int output, int kernel, int stride = 1, int groups = 1, bool bias = false)
    : AffineLayer(nameof(Convolution), [output, input / groups, kernel, kernel], bias),
        IOnnxSource
{
    private readonly long[] _strides = [stride, stride];
    private readonly long[] _padding = [(kernel - 1) / 2, (kernel - 1) / 2];
    private readonly int _groups = groups;

    /// <inheritdoc/>
    public override Tensor forward(Tensor maps) => functional.conv2d(maps, Weight, Bias, _strides, _padding, groups: _groups);

    string IOnnxSource.WriteTo(OnnxGraph graph, string value) => graph.Convolve(value, Weight, Bias, _strides[0], _padding[0], _groups);
}
