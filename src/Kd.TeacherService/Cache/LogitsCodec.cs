using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Kd.Vision.Views;

namespace Kd.TeacherService.Cache;

/// <summary>A cache entry: version (1 byte), checksum over key and logits (8 bytes), float16 logits, little-endian.</summary>
internal static class LogitsCodec
{
    private const byte Version = 1;
    private const int HeaderSize = 9;

    public static string Key(string teacherId, ViewId view) => $"kd:v1:{teacherId}:{view}";

    public static byte[] Encode(string key, ReadOnlySpan<Half> logits)
    {
        var payload = MemoryMarshal.AsBytes(logits);
        var entry = new byte[HeaderSize + payload.Length];
        entry[0] = Version;
        BinaryPrimitives.WriteUInt64LittleEndian(entry.AsSpan(1), Checksum(key, payload));
        payload.CopyTo(entry.AsSpan(HeaderSize));
        return entry;
    }

    /// <summary>The logits, or null where the entry is damaged, of another version, of another key or of another number of classes.</summary>
    public static Half[]? Decode(string key, ReadOnlySpan<byte> entry, int classes)
    {
        if (entry.Length != HeaderSize + 2 * classes || entry[0] != Version)
            return null;
        var payload = entry[HeaderSize..];
        return BinaryPrimitives.ReadUInt64LittleEndian(entry[1..]) == Checksum(key, payload) ? MemoryMarshal.Cast<byte, Half>(payload).ToArray() : null;
    }

    // The key is part of it: an entry that was copied under another key is as bad as a damaged one.
    private static ulong Checksum(string key, ReadOnlySpan<byte> payload)
    {
        var hash = new XxHash64();
        hash.Append(Encoding.UTF8.GetBytes(key));
        hash.Append(payload);
        return hash.GetCurrentHashAsUInt64();
    }
}
