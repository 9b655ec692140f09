using System.Buffers.Binary;
using System.Text;

namespace Kd.Vision.Runtime;

/// <summary>Marks one needed symbol version of a 64-bit little-endian ELF file as weak (VER_FLG_WEAK).</summary>
/// <remarks>
/// The dynamic loader refuses a library that needs a version missing from the host, unless the need is weak. TorchSharp 0.107.0
/// needs GLIBCXX_3.4.32 only for <c>_ZSt21ios_base_library_init</c>, which no relocation uses, so weak is enough.
/// Layout: System V ABI, "Symbol Versioning" (Elf64_Verneed, Elf64_Vernaux).
/// </remarks>
internal static class WeakSymbolVersion
{
    private const long DynamicStringTable = 5;
    private const long DynamicVersionNeeds = 0x6ffffffe;
    private const long DynamicVersionNeedCount = 0x6fffffff;
    private const ushort WeakFlag = 2;

    /// <summary>Sets the flag in <paramref name="image"/>, in place.</summary>
    /// <returns>The number of entries marked; 0 if the file does not need that version or the need is already weak.</returns>
    /// <exception cref="InvalidDataException">The bytes are not a 64-bit little-endian ELF file with a dynamic segment.</exception>
    public static int Mark(Span<byte> image, string version)
    {
        if (image.Length < 64 || !image[..4].SequenceEqual("\u007fELF"u8) || image[4] != 2 || image[5] != 1)
            throw new InvalidDataException("Not a 64-bit little-endian ELF file.");

        try
        {
            return MarkNeeds(image, version);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException("The ELF file is truncated or damaged: an offset in it points outside the file.", error);
        }
    }

    private static int MarkNeeds(Span<byte> image, string version)
    {
        var (strings, needs, count) = ReadDynamicSegment(image);
        var wanted = Encoding.ASCII.GetBytes(version + "\0");
        var marked = 0;
        var need = needs;
        for (var i = 0; i < count; i++)
        {
            var auxiliaries = BinaryPrimitives.ReadUInt16LittleEndian(image[(need + 2)..]);
            var auxiliary = need + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 8)..]);
            for (var j = 0; j < auxiliaries; j++)
            {
                var flags = image.Slice(auxiliary + 4, 2);
                var name = strings + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(auxiliary + 8)..]);
                var current = BinaryPrimitives.ReadUInt16LittleEndian(flags);
                if (image[name..].StartsWith(wanted) && (current & WeakFlag) == 0)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(current | WeakFlag));
                    marked++;
                }

                auxiliary += (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(auxiliary + 12)..]);
            }

            need += (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 12)..]);
        }

        return marked;
    }

    private static (int Strings, int Needs, int Count) ReadDynamicSegment(ReadOnlySpan<byte> image)
    {
        var (loaded, dynamic) = ReadSegments(image);
        long strings = 0,
            needs = 0,
            count = 0;
        for (var at = dynamic.Offset; at < dynamic.Offset + dynamic.Size; at += 16)
        {
            var value = BinaryPrimitives.ReadInt64LittleEndian(image[(at + 8)..]);
            switch (BinaryPrimitives.ReadInt64LittleEndian(image[at..]))
            {
                case DynamicStringTable:
                    strings = value;
                    break;
                case DynamicVersionNeeds:
                    needs = value;
                    break;
                case DynamicVersionNeedCount:
                    count = value;
                    break;
            }
        }

        return (FileOffset(loaded, strings), FileOffset(loaded, needs), (int)count);
    }

    private static (List<LoadedSegment> Loaded, (int Offset, int Size) Dynamic) ReadSegments(ReadOnlySpan<byte> image)
    {
        const int loadSegment = 1,
            dynamicSegment = 2,
            headerSize = 56;
        var headers = (int)BinaryPrimitives.ReadInt64LittleEndian(image[32..]);
        var headerCount = BinaryPrimitives.ReadUInt16LittleEndian(image[56..]);
        var loaded = new List<LoadedSegment>();
        var dynamic = (Offset: 0, Size: 0);
        for (var i = 0; i < headerCount; i++)
        {
            var header = image.Slice(headers + i * headerSize, headerSize);
            var offset = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
            var size = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
            var type = BinaryPrimitives.ReadInt32LittleEndian(header);
            if (type == loadSegment)
                loaded.Add(new LoadedSegment(BinaryPrimitives.ReadInt64LittleEndian(header[16..]), offset, size));
            else if (type == dynamicSegment)
                dynamic = ((int)offset, (int)size);
        }

        return (loaded, dynamic);
    }

    private static int FileOffset(List<LoadedSegment> loaded, long address)
    {
        foreach (var segment in loaded)
        {
            if (address >= segment.Address && address < segment.Address + segment.Size)
                return (int)(address - segment.Address + segment.Offset);
        }

        throw new InvalidDataException($"Address 0x{address:x} lies in no segment of the ELF file.");
    }

    private readonly record struct LoadedSegment(long Address, long Offset, long Size);
}
