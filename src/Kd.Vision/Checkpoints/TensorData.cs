using static TorchSharp.torch;

namespace Kd.Vision.Checkpoints;

/// <summary>The data of one tensor outside torch: row-major, little-endian.</summary>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Sizes; empty for a scalar.</param>
/// <param name="Bytes">The elements.</param>
public sealed record TensorData(ScalarType Type, long[] Shape, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Copies a tensor out of torch (any device, any strides).</summary>
    public static TensorData From(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var local = tensor.detach().cpu().contiguous();
        return new TensorData(local.dtype, local.shape, local.bytes.ToArray());
    }

    /// <summary>Creates a CPU tensor with a copy of the elements.</summary>
    public Tensor ToTensor()
    {
        var tensor = empty(Shape, Type);
        Bytes.Span.CopyTo(tensor.bytes);
        return tensor;
    }

    /// <summary>The shape as text, such as <c>[64, 3, 7, 7]</c>.</summary>
    public string ShapeText => FormatShape(Shape);

    internal static string FormatShape(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    /// <summary>Returns the product of the sizes.</summary>
    /// <exception cref="OverflowException">A size is negative or the product does not fit.</exception>
    internal static long CountElements(ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var size in shape)
            count = size < 0 ? throw new OverflowException($"negative size {size}") : checked(count * size);
        return count;
    }
}
