using Kd.Vision.Runtime;
using static TorchSharp.torch;

namespace Kd.Vision.Views;

/// <summary>Converts uint8 pixels to a network's input on the network's device.</summary>
public static class Normalization
{
    /// <summary>ImageNet's mean of red, green and blue, on a scale of 0 to 1.</summary>
    public static IReadOnlyList<float> Mean { get; } = [0.485f, 0.456f, 0.406f];

    /// <summary>ImageNet's standard deviation of red, green and blue, on a scale of 0 to 1.</summary>
    public static IReadOnlyList<float> StandardDeviation { get; } = [0.229f, 0.224f, 0.225f];

    /// <summary>Converts pixels to normalized floats, (x / 255 - mean) / std, with channels-last strides.</summary>
    /// <param name="pixels">N views of uint8 RGB planes [3, size, size], one after another.</param>
    /// <param name="count">N.</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="device">The network's device.</param>
    /// <param name="statistics">Mean and deviation; null: ImageNet's.</param>
    /// <returns>Shape [N, 3, size, size], float32; the caller (or the current dispose scope) owns it.</returns>
    public static Tensor ToInput(ReadOnlySpan<byte> pixels, int count, int size, Device device, ChannelStatistics? statistics = null)
    {
        var expected = count * ViewRenderer.ByteCount(size);
        if (pixels.Length != expected)
            throw new ArgumentException($"{count} views of {size} px need {expected} bytes, got {pixels.Length}.");
        using var scope = NewDisposeScope();
        var raw = empty([count, 3, size, size], ScalarType.Byte);
        pixels.CopyTo(raw.bytes);
        statistics ??= ChannelStatistics.ImageNet;
        var scale = tensor(statistics.Scale, device: device); // [3]
        var shift = tensor(statistics.Shift, device: device); // [3]
        var last = raw.to(device).permute(0, 2, 3, 1).to_type(ScalarType.Float32).contiguous(); // [N, H, W, 3]
        return last.mul_(scale).PlusInPlace(shift).permute(0, 3, 1, 2).MoveToOuterDisposeScope(); // [N, 3, H, W]
    }
}
