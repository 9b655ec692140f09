using System.Buffers.Binary;

namespace Kd.Vision.Views;

/// <summary>128-bit id of a view: a hash of the picture's content and the view's parameters.</summary>
/// <param name="Value">The hash.</param>
public readonly record struct ViewId(UInt128 Value)
{
    /// <summary>Length of an id on the wire, bytes.</summary>
    public const int Length = 16;

    /// <summary>Writes the id, little-endian.</summary>
    public void CopyTo(Span<byte> target) => BinaryPrimitives.WriteUInt128LittleEndian(target, Value);

    /// <summary>Reads an id, little-endian.</summary>
    public static ViewId Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt128LittleEndian(source));

    /// <summary>Returns 32 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", null);
}
