using System.Buffers.Binary;
using System.IO.Hashing;
using Kd.Vision.Imaging;

namespace Kd.Vision.Views;

/// <summary>The parameters that, together with the picture, determine a view's pixels.</summary>
/// <param name="Kind">How the view is made from the box.</param>
/// <param name="Box">Crop box in the picture (in the resized picture for <see cref="ViewKind.EvaluationCrop"/>; may extend 4 px beyond a small one).</param>
/// <param name="Size">Width and height of the view, px.</param>
/// <param name="Flip">Whether the view is mirrored left to right.</param>
/// <param name="Jitter">Color factors; <see cref="ColorJitter.None"/> keeps the colors.</param>
public readonly record struct ViewParameters(ViewKind Kind, PixelBox Box, int Size, bool Flip, ColorJitter Jitter)
{
    // Part of every view id; must be raised when the same parameters start to give other pixels.
    private const int RenderVersion = 1;

    /// <summary>Returns the rows of the picture that the view shows.</summary>
    /// <param name="height">Height of the picture, px.</param>
    public PixelRows RowsOf(int height) => Kind == ViewKind.ResizedCrop ? new PixelRows(Box.Y, Box.Height) : PixelRows.All(height);

    /// <summary>Computes the 128-bit id of this view of a picture.</summary>
    /// <param name="content">Hash of the picture's content, not of its name.</param>
    public ViewId IdFor(UInt128 content)
    {
        Span<byte> bytes = stackalloc byte[16 + 12 * 4];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, content);
        ReadOnlySpan<int> fields =
        [
            RenderVersion,
            (int)Kind,
            Box.X,
            Box.Y,
            Box.Width,
            Box.Height,
            Size,
            Flip ? 1 : 0,
            Jitter.Brightness,
            Jitter.Contrast,
            Jitter.Saturation,
            Jitter.Order,
        ];
        for (var i = 0; i < fields.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes[(16 + 4 * i)..], fields[i]);
        return new ViewId(XxHash128.HashToUInt128(bytes));
    }
}
