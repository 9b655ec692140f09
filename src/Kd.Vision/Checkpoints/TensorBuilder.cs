namespace Kd.Vision.Checkpoints;

/// <summary>A tensor as described by a pickle, before its storage has been read.</summary>
internal sealed record PickledTensor(Storage Storage, long Offset, long[] Shape, long[] Strides);

/// <summary>Builds the tensors of a loaded pickle from their storages.</summary>
/// <param name="fileLength">Length of the file, bytes; tensors that must be copied since they are strided may not need more in total.</param>
internal sealed class TensorBuilder(long fileLength)
{
    // torch's own limit.
    private const int LargestRank = 64;
    private long _left = fileLength;

    /// <summary>Replaces the pickled tensors at the root and one level below it, the places where state dicts have them.</summary>
    public object? Finish(object? root)
    {
        if (root is PickledDictionary dictionary)
        {
            dictionary.Replace(value => value is PickledDictionary inner ? FinishEntries(inner) : Materialize(value));
            return dictionary;
        }

        return Materialize(root);
    }

    private PickledDictionary FinishEntries(PickledDictionary dictionary)
    {
        dictionary.Replace(Materialize);
        return dictionary;
    }

    private object? Materialize(object? value) => value is PickledTensor tensor ? Cut(tensor) : value;

    private TensorData Cut(PickledTensor tensor)
    {
        var (storage, offset, shape, strides) = tensor;
        if (shape.Length != strides.Length || offset < 0 || strides.Any(stride => stride < 0))
            throw new InvalidDataException(
                $"a tensor of storage {storage.Key} has the shape {TensorData.FormatShape(shape)} with strides {TensorData.FormatShape(strides)} at {offset}"
            );
        if (shape.Length > LargestRank)
            throw new InvalidDataException($"a tensor of storage {storage.Key} has {shape.Length} dimensions; at most {LargestRank} can be read");
        var count = TensorData.CountElements(shape);
        var last = offset;
        for (var axis = 0; axis < shape.Length; axis++)
            last = checked(last + Math.Max(0, shape[axis] - 1) * strides[axis]);
        if (count > storage.Count || (count > 0 && last >= storage.Count))
            throw new InvalidDataException($"a tensor {TensorData.FormatShape(shape)} reaches beyond its storage {storage.Key} of {storage.Count} elements");

        var size = storage.ElementSize;
        if (IsContiguous(shape, strides))
            return new TensorData(storage.Type, shape, storage.Bytes.Slice(checked((int)(offset * size)), checked((int)(count * size))));
        return new TensorData(storage.Type, shape, Gather(tensor, count));
    }

    private byte[] Gather(PickledTensor tensor, long count)
    {
        var (storage, offset, shape, strides) = tensor;
        var size = storage.ElementSize;
        var source = storage.Bytes.Span;
        var bytes = checked(count * size);
        if ((_left -= bytes) < 0)
            throw new InvalidDataException("its strided tensors need more memory than the file has bytes");
        var target = new byte[bytes];
        var index = new long[shape.Length];
        for (long element = 0, at = offset; element < count; element++)
        {
            source.Slice((int)(at * size), size).CopyTo(target.AsSpan((int)(element * size)));
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                at += strides[axis];
                if (++index[axis] < shape[axis])
                    break;
                at -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }

        return target;
    }

    private static bool IsContiguous(long[] shape, long[] strides)
    {
        var expected = 1L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            if (shape[axis] != 1 && strides[axis] != expected)
                return false;
            expected *= shape[axis];
        }

        return true;
    }
}
