using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Kd.Training.Diagnostics;
using Kd.Vision.Views;

namespace Kd.Training.Teaching;

/// <summary>Converts view ids and logits to and from the bytes of the teacher's protocol.</summary>
internal static class LogitsWire
{
    /// <summary>Packs view ids for a request.</summary>
    public static ByteString Pack(ReadOnlySpan<ViewId> views)
    {
        var bytes = new byte[views.Length * ViewId.Length];
        for (var i = 0; i < views.Length; i++)
            views[i].CopyTo(bytes.AsSpan(i * ViewId.Length));
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    /// <summary>Unpacks the logits of a response, one row for each view.</summary>
    /// <exception cref="TrainingException">The number of logits is not the one requested.</exception>
    public static float[][] Unpack(ByteString logits, int count, int classes)
    {
        if (logits.Length != 2L * count * classes)
            throw new TrainingException(
                $"The teacher sent {logits.Length} bytes of logits, expected {2L * count * classes} ({count} views, {classes} classes)."
            );
        var halves = MemoryMarshal.Cast<byte, Half>(logits.Span);
        var rows = new float[count][];
        for (var row = 0; row < count; row++)
        {
            rows[row] = new float[classes];
            TensorPrimitives.ConvertToSingle(halves.Slice(row * classes, classes), rows[row]);
        }

        return rows;
    }
}
