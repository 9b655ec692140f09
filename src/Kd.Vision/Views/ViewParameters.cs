using System.Buffers.Binary;
using System.IO.Hashing;
using Kd.Vision.Imaging;

namespace Kd.Vision.Views;

/// <summary>Everything that decides a view's pixels, given the picture.</summary>
/// <param name="Kind">How the box becomes the view.</param>
/// <param name="Box">Crop box in the picture (for <see cref="ViewKind.EvaluationCrop"/> in the resized picture; may reach 4 px beyond a small one).</param>
/// <param name="Size">Width and height of the view, px.</param>
/// <param name="Flip">Mirrored left to right.</param>
/// <param name="Jitter">Colour factors; <see cref="ColourJitter.None"/> leaves the colours.</param>
public readonly record struct ViewParameters(ViewKind Kind, PixelBox Box, int Size, bool Flip, ColourJitter Jitter)
{
    // Part of every view id; raise it when the same parameters give other pixels.
    private const int RenderVersion = 1;

    /// <summary>The 128-bit id of this view of a picture with that content.</summary>
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

/// <summary>How a view is cut.</summary>
public enum ViewKind
{
    /// <summary>The box is resized to the view's size.</summary>
    ResizedCrop = 1,

    /// <summary>The box is taken as it is; beyond the edge the picture is mirrored.</summary>
    PaddedCrop = 2,

    /// <summary>The picture is resized (shorter side to size * 256/224), then the box is taken.</summary>
    EvaluationCrop = 3,
}

/// <summary>Colour factors in thousandths (integers, so that a view id never hangs on the last bit of a float).</summary>
/// <param name="Brightness">1000 leaves it.</param>
/// <param name="Contrast">1000 leaves it.</param>
/// <param name="Saturation">1000 leaves it.</param>
/// <param name="Order">0 to 5: the order in which the three are applied (lexicographic permutation of brightness, contrast, saturation).</param>
public readonly record struct ColourJitter(int Brightness, int Contrast, int Saturation, int Order)
{
    /// <summary>Leaves the colours as they are.</summary>
    public static ColourJitter None { get; } = new(1000, 1000, 1000, 0);
}

/// <summary>128-bit id of a view: hash of the picture's content and of the view's parameters.</summary>
/// <param name="Value">The hash.</param>
public readonly record struct ViewId(UInt128 Value)
{
    /// <summary>Bytes of an id on the wire.</summary>
    public const int Length = 16;

    /// <summary>Writes the id, little-endian.</summary>
    public void CopyTo(Span<byte> target) => BinaryPrimitives.WriteUInt128LittleEndian(target, Value);

    /// <summary>Reads an id, little-endian.</summary>
    public static ViewId Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt128LittleEndian(source));

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", null);
}
