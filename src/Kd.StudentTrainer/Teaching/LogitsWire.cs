using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Kd.StudentTrainer.Training;
using Kd.Vision.Views;

namespace Kd.StudentTrainer.Teaching;

/// <summary>View ids and logits in the form of the teacher's contract.</summary>
internal static class LogitsWire
{
    /// <summary>Ids of views as a request carries them.</summary>
    public static ByteString Pack(ReadOnlySpan<ViewId> views)
    {
        var bytes = new byte[views.Length * ViewId.Length];
        for (var i = 0; i < views.Length; i++)
            views[i].CopyTo(bytes.AsSpan(i * ViewId.Length));
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    /// <summary>Logits of an answer, a row for each view.</summary>
    /// <exception cref="TrainingException">They are fewer or more than was asked for.</exception>
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
