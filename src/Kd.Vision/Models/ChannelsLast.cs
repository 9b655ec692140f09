using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Kd.Vision.Models;

/// <summary>Converts tensors to channels-last strides, with which libtorch's convolutions run faster.</summary>
/// <remarks>TorchSharp has no memory_format argument; the strides of an NHWC block viewed as NCHW are equivalent.</remarks>
public static class ChannelsLast
{
    /// <summary>Returns a copy of a tensor with channels-last strides.</summary>
    /// <param name="tensor">Shape [N, C, H, W].</param>
    public static Tensor Apply(Tensor tensor)
    {
        var (channels, height, width) = (tensor.shape[1], tensor.shape[2], tensor.shape[3]);
        var target = empty_strided(tensor.shape, [channels * height * width, 1, width * channels, channels], tensor.dtype, tensor.device);
        using var _ = no_grad();
        return target.copy_(tensor);
    }

    /// <summary>Converts the weights of all convolutions of a module to channels-last strides, in place.</summary>
    public static void Apply(nn.Module module)
    {
        using var _ = no_grad();
        foreach (var convolution in module.modules().OfType<Convolution>())
        {
            var old = convolution.Weight;
            convolution.Weight = new Parameter(Apply(old), old.requires_grad);
        }
    }
}
