using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>Layers that several networks share, with torchvision's parameter names.</summary>
internal static class Layers
{
    /// <summary>A convolution that keeps the size at stride 1, batch normalization, and an activation.</summary>
    /// <param name="input">Input channels.</param>
    /// <param name="output">Output channels.</param>
    /// <param name="kernel">Width and height of the kernel, odd.</param>
    /// <param name="stride">Stride.</param>
    /// <param name="activation">
    /// The activation; null: none. In place only where its gradient needs its output alone (ReLU): for the others, libtorch would copy the input first.
    /// </param>
    /// <param name="groups">Groups of the convolution.</param>
    /// <param name="epsilon">Epsilon of the normalization.</param>
    public static Sequential ConvNormActivation(
        int input,
        int output,
        int kernel,
        int stride,
        Module<Tensor, Tensor>? activation,
        int groups = 1,
        double epsilon = BatchNorm.DefaultEpsilon
    )
    {
        var layers = new List<Module<Tensor, Tensor>> { new Convolution(input, output, kernel, stride, groups), new BatchNorm(output, epsilon) };
        if (activation is not null)
            layers.Add(activation);
        return Sequential(layers);
    }

    /// <summary>Rounds a number of channels to a multiple of 8, by at most 10% down (the rule of MobileNetV2's reference code).</summary>
    public static int RoundChannels(double channels)
    {
        var rounded = Math.Max(8, (int)(channels + 4) / 8 * 8);
        return rounded < 0.9 * channels ? rounded + 8 : rounded;
    }
}
