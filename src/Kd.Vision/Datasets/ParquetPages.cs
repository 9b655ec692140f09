using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Kd.Vision.Datasets;

/// <summary>
/// Checks how large the pages of a parquet file claim to be, which the library believes: it takes that memory before it decompresses a page.
/// </summary>
/// <remarks>Footer and headers of pages are structures of Thrift's compact protocol (parquet.thrift of Apache Parquet).</remarks>
public static class ParquetPages
{
    /// <summary>Bytes of content for each byte of a file; a small file may have more. Encoded pictures and logits hardly compress.</summary>
    public const int LargestRatio = 16;

    private const long Allowance = 16 << 20;
    private const int Trailer = 8;
    private const int UsualHeader = 1 << 12,
        LargestHeader = 16 << 20;

    // The library reads a little beyond a chunk, since some writers state too few bytes.
    private const int Padding = 100;

    /// <summary>Gets the most bytes that the content of a file may have.</summary>
    /// <param name="length">Length of the file.</param>
    public static long Limit(long length) => LargestRatio * length + Allowance;

    /// <summary>Checks the pages of all columns. Damage is left to the library to find.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">A page claims more than <see cref="Limit"/>.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static void Check(string path)
    {
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        foreach (var (start, bytes) in ReadChunks(file, length))
            CheckChunk(file, start, start + Math.Min(bytes, length - start) + Padding, length);
    }

    private static List<(long Start, long Bytes)> ReadChunks(SafeFileHandle file, long length)
    {
        var trailer = new byte[Trailer];
        if (length < Trailer || Read(file, trailer, length - Trailer) < Trailer)
            return [];
        var size = BinaryPrimitives.ReadUInt32LittleEndian(trailer);
        if (size > length - Trailer || size > Array.MaxLength)
            return [];
        var footer = new byte[size];
        var chunks = new List<(long, long)>();
        try
        {
            ReadFooter(footer.AsSpan(0, Read(file, footer, length - Trailer - size)), chunks);
        }
        catch (Exception error) when (error is EndOfStreamException or InvalidDataException)
        {
            // The library refuses it.
            return [];
        }

        return chunks;
    }

    // FileMetaData: 4 row_groups. RowGroup: 1 columns. ColumnChunk: 3 meta_data.
    private static void ReadFooter(ReadOnlySpan<byte> footer, List<(long, long)> chunks)
    {
        var reader = new CompactReader(footer);
        ReadStructs(ref reader, 4, (ref CompactReader group) => ReadStructs(ref group, 1, (ref CompactReader column) => ReadColumn(ref column, chunks)));
    }

    private delegate void StructReader(ref CompactReader reader);

    // Reads the elements of one field, a list of structures, and skips the others.
    private static void ReadStructs(ref CompactReader reader, int wanted, StructReader read)
    {
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            if (id != wanted || type != CompactReader.List)
            {
                reader.Skip(type);
                continue;
            }

            // Thrift reads the elements as what they should be, whatever type is stated.
            var (count, _) = reader.ReadList();
            for (long i = 0; i < count; i++)
                read(ref reader);
        }
    }

    private static void ReadColumn(ref CompactReader reader, List<(long, long)> chunks)
    {
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            if (id == 3 && type == CompactReader.Struct)
                chunks.Add(ReadChunk(ref reader));
            else
                reader.Skip(type);
        }
    }

    // ColumnMetaData: 7 total_compressed_size, 9 data_page_offset, 11 dictionary_page_offset.
    private static (long Start, long Bytes) ReadChunk(ref CompactReader reader)
    {
        var (bytes, data, dictionary) = (0L, 0L, 0L);
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            if (id == 7 && type == CompactReader.Int64)
                bytes = reader.ReadInt64();
            else if (id == 9 && type == CompactReader.Int64)
                data = reader.ReadInt64();
            else if (id == 11 && type == CompactReader.Int64)
                dictionary = reader.ReadInt64();
            else
                reader.Skip(type);
        }

        return (dictionary > 0 && dictionary < data ? dictionary : data, bytes);
    }

    private static void CheckChunk(SafeFileHandle file, long start, long end, long length)
    {
        var header = new byte[UsualHeader];
        for (var at = start; at >= 0 && at < end; )
        {
            var read = Read(file, header, at);
            if (ReadPage(header.AsSpan(0, read)) is { } page)
            {
                if (page.Uncompressed > Limit(length))
                    throw new InvalidDataException(
                        $"it has {length} bytes, but one of its pages claims {page.Uncompressed}, more than {LargestRatio} times as many"
                    );
                at += page.Header + Math.Max(0, page.Compressed);
            }
            else if (read == header.Length && header.Length < LargestHeader)
            {
                header = new byte[4 * header.Length];
            }
            else
            {
                // No header: the library refuses it, or has read all values of the chunk before.
                return;
            }
        }
    }

    // PageHeader: 2 uncompressed_page_size, 3 compressed_page_size.
    private static (int Header, int Uncompressed, int Compressed)? ReadPage(ReadOnlySpan<byte> bytes)
    {
        var reader = new CompactReader(bytes);
        var (uncompressed, compressed) = (0, 0);
        try
        {
            for (var id = 0; reader.Next(ref id, out var type); )
            {
                if (id == 2 && type == CompactReader.Int32)
                    uncompressed = reader.ReadInt32();
                else if (id == 3 && type == CompactReader.Int32)
                    compressed = reader.ReadInt32();
                else
                    reader.Skip(type);
            }

            return (reader.Position, uncompressed, compressed);
        }
        catch (Exception error) when (error is EndOfStreamException or InvalidDataException)
        {
            return null;
        }
    }

    private static int Read(SafeFileHandle file, Span<byte> target, long offset)
    {
        var done = 0;
        while (done < target.Length && RandomAccess.Read(file, target[done..], offset + done) is var read and > 0)
            done += read;
        return done;
    }
}
