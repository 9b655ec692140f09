using System.Buffers.Binary;
using System.IO.Compression;

namespace Kd.Vision.Checkpoints;

/// <summary>Reads the two formats of <c>torch.save</c>: a zip archive (since PyTorch 1.6), and pickles followed by raw storages (before).</summary>
internal static class PyTorchFile
{
    // The first value of the older format: torch.serialization.MAGIC_NUMBER.
    private static readonly byte[] s_legacyMagic = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    public static bool LooksLikeZip(ReadOnlySpan<byte> start) => start.StartsWith("PK\u0003\u0004"u8);

    public static bool LooksLikePickle(ReadOnlySpan<byte> start) => start.Length > 1 && start[0] == 0x80 && start[1] is >= 2 and <= 5;

    public static object? ReadZip(string path)
    {
        using var archive = ZipFile.OpenRead(path);
        var length = new FileInfo(path).Length;
        // Uncompressed entries, as they must be, exceed the file only if they overlap.
        if (archive.Entries.Aggregate(0L, (sum, entry) => checked(sum + entry.Length)) is var total && total > length)
            throw new InvalidDataException($"its entries have {total} bytes, more than the file of {length} bytes: they overlap or are compressed");
        var pickle =
            archive.Entries.FirstOrDefault(entry => entry.FullName == "data.pkl" || entry.FullName.EndsWith("/data.pkl", StringComparison.Ordinal))
            ?? throw new InvalidDataException("it is a zip file without data.pkl; expected a file written by torch.save");
        var folder = pickle.FullName[..^"data.pkl".Length];
        if (archive.GetEntry(folder + "byteorder") is { } order && System.Text.Encoding.ASCII.GetString(ReadEntry(order)).Trim() != "little")
            throw new InvalidDataException("it was written on a big-endian machine");
        var storages = new StorageTable(key =>
            ReadEntry(archive.GetEntry($"{folder}data/{key}") ?? throw new InvalidDataException($"it lacks the storage data/{key}"))
        );
        return new TensorBuilder(length).Finish(new Unpickler(ReadEntry(pickle), storages.Resolve).Load());
    }

    public static object? ReadLegacy(string path)
    {
        var content = File.ReadAllBytes(path);
        var reader = new Unpickler(content);
        if (reader.Load() is not System.Numerics.BigInteger magic || !magic.ToByteArray(isUnsigned: true).AsSpan().SequenceEqual(s_legacyMagic))
            throw new InvalidDataException("it is a pickle, but was not written by torch.save");
        if (reader.Load() is not long version || version != 1001)
            throw new InvalidDataException("its protocol version is not 1001");
        if ((reader.Load() as PickledDictionary)?.TryGet("little_endian") is false)
            throw new InvalidDataException("it was written on a big-endian machine");

        // Storages follow the pickle that refers to them, so tensors are built only at the end.
        var storages = new StorageTable();
        reader.PersistentLoad = storages.Resolve;
        var root = reader.Load();
        var keys = reader.Load() as List<object?> ?? throw new InvalidDataException("its list of storages is missing");
        var position = reader.Position;
        foreach (var key in keys)
        {
            var storage = storages.Get(key as string ?? throw new InvalidDataException("a storage key is not text"));
            if (position > content.Length - 8)
                throw new EndOfStreamException($"it ends before storage {key}");
            var count = BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(position));
            var size = checked(count * storage.ElementSize);
            if (count != storage.Count || size > content.Length - position - 8)
                throw new EndOfStreamException(
                    $"storage {key} should hold {storage.Count} elements; the file gives it {count} and ends after {content.Length - position - 8} bytes"
                );
            storage.Bytes = content.AsMemory(position + 8, (int)size);
            position += 8 + (int)size;
        }

        return new TensorBuilder(content.Length).Finish(root);
    }

    private static byte[] ReadEntry(ZipArchiveEntry entry)
    {
        // torch.save does not compress entries; a compressed one could unpack to any size.
        if (entry.Length != entry.CompressedLength || entry.Length > Array.MaxLength)
            throw new InvalidDataException(
                $"its entry {entry.FullName} is compressed or too large ({entry.Length} bytes); torch.save writes entries uncompressed"
            );
        using var stream = entry.Open();
        var content = new byte[entry.Length];
        stream.ReadExactly(content);
        return content;
    }
}
