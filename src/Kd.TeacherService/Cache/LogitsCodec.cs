using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Kd.Vision.Distillation;
using Kd.Vision.Views;

namespace Kd.TeacherService.Cache;

/// <summary>Encodes and decodes the cache entries of one teacher.</summary>
/// <remarks>
/// An entry is a version (1 byte), a checksum over view id, teacher id and payload (8 bytes), and the payload, little-endian: version 1 has all
/// logits as float16 (2 C bytes); version 2 has k, then the float16 logit that the remaining classes share, then k class indexes (int16) and
/// their k float16 logits (4 + 4 k bytes), selected by <see cref="TopLogits"/>.
/// </remarks>
internal sealed class LogitsCodec
{
    private const byte AllVersion = 1;
    private const byte TopVersion = 2;
    private const int HeaderSize = 9;
    private readonly byte[] _keyPrefix;
    private readonly ulong _teacher;
    private readonly int _topK;
    private readonly byte[]? _secret;

    /// <param name="teacherId">Part of every key and checksum.</param>
    /// <param name="classes">Number of classes C.</param>
    /// <param name="topK">Number of logits to keep of each view; 0, or at least C, keeps all.</param>
    /// <param name="secret">Key of the checksums, which are HMAC-SHA256 then; null or empty: XxHash3.</param>
    public LogitsCodec(string teacherId, int classes, int topK = 0, string? secret = null)
    {
        _secret = string.IsNullOrEmpty(secret) ? null : Encoding.UTF8.GetBytes(secret);
        (Classes, _topK) = (classes, topK >= classes ? 0 : topK);
        _keyPrefix = Encoding.ASCII.GetBytes($"kd:v1:{teacherId}:");
        _teacher = XxHash3.HashToUInt64(_keyPrefix);
    }

    /// <summary>Number of classes C.</summary>
    public int Classes { get; }

    /// <summary>Whether entries leave logits out.</summary>
    public bool IsLossy => _topK > 0;

    /// <summary>Size of a view's logits, 2 C bytes.</summary>
    public int RowSize => 2 * Classes;

    /// <summary>Size of an entry, bytes.</summary>
    public int EntrySize => HeaderSize + (IsLossy ? 4 + 4 * _topK : RowSize);

    /// <summary>Builds the key of a view: <c>kd:v1:{teacher id}:{view id}</c>.</summary>
    public byte[] Key(ViewId view)
    {
        var key = new byte[_keyPrefix.Length + 2 * ViewId.Length];
        _keyPrefix.CopyTo(key, 0);
        view.Value.TryFormat(key.AsSpan(_keyPrefix.Length), out _, "x32", null);
        return key;
    }

    /// <summary>Encodes the entry of a view.</summary>
    /// <param name="view">Its id.</param>
    /// <param name="logits">Its C logits.</param>
    public byte[] Encode(ViewId view, ReadOnlySpan<Half> logits)
    {
        var entry = new byte[EntrySize];
        var payload = entry.AsSpan(HeaderSize);
        if (IsLossy)
            WriteTop(logits, payload);
        else
            MemoryMarshal.AsBytes(logits).CopyTo(payload);
        Seal(view, entry);
        return entry;
    }

    /// <summary>Writes version and checksum before an entry's payload.</summary>
    internal void Seal(ViewId view, Span<byte> entry)
    {
        entry[0] = IsLossy ? TopVersion : AllVersion;
        BinaryPrimitives.WriteUInt64LittleEndian(entry[1..], Checksum(view, entry[0], entry[HeaderSize..]));
    }

    /// <summary>Decodes the entry of a view.</summary>
    /// <param name="view">Its id.</param>
    /// <param name="entry">The entry from the cache.</param>
    /// <param name="logits">Receives its C logits.</param>
    /// <returns>False where the entry is damaged, or belongs to another version, view, teacher or number of classes.</returns>
    public bool TryDecode(ViewId view, ReadOnlySpan<byte> entry, Span<Half> logits)
    {
        if (entry.Length != EntrySize || entry[0] != (IsLossy ? TopVersion : AllVersion))
            return false;
        var payload = entry[HeaderSize..];
        if (BinaryPrimitives.ReadUInt64LittleEndian(entry[1..]) != Checksum(view, entry[0], payload))
            return false;
        if (IsLossy)
            return TryReadTop(payload, logits);
        MemoryMarshal.Cast<byte, Half>(payload).CopyTo(logits);
        return true;
    }

    /// <summary>Decodes the entry of a view into bytes (float16, little-endian).</summary>
    /// <returns>Null where <see cref="TryDecode"/> returns false.</returns>
    public byte[]? Decode(ViewId view, ReadOnlySpan<byte> entry)
    {
        var row = new byte[RowSize];
        return TryDecode(view, entry, MemoryMarshal.Cast<byte, Half>(row.AsSpan())) ? row : null;
    }

    private void WriteTop(ReadOnlySpan<Half> logits, Span<byte> payload)
    {
        var classes = new int[_topK];
        var kept = MemoryMarshal.Cast<byte, Half>(payload[(4 + 2 * _topK)..]);
        BinaryPrimitives.WriteUInt16LittleEndian(payload, (ushort)_topK);
        BinaryPrimitives.WriteHalfLittleEndian(payload[2..], TopLogits.Select(logits, classes, kept));
        for (var i = 0; i < _topK; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(payload[(4 + 2 * i)..], (ushort)classes[i]);
    }

    private bool TryReadTop(ReadOnlySpan<byte> payload, Span<Half> logits)
    {
        if (BinaryPrimitives.ReadUInt16LittleEndian(payload) != _topK)
            return false;
        var classes = new int[_topK];
        for (var i = 0; i < _topK; i++)
            classes[i] = BinaryPrimitives.ReadUInt16LittleEndian(payload[(4 + 2 * i)..]);
        var kept = MemoryMarshal.Cast<byte, Half>(payload[(4 + 2 * _topK)..]);
        return TopLogits.TryExpand(classes, kept, BinaryPrimitives.ReadHalfLittleEndian(payload[2..]), logits[..Classes]);
    }

    // Includes view, teacher and version, so that an entry copied to another key counts as damaged.
    private ulong Checksum(ViewId view, byte version, ReadOnlySpan<byte> payload)
    {
        if (_secret is null)
            return XxHash3.HashToUInt64(payload, (long)(_teacher ^ (ulong)view.Value ^ ulong.RotateLeft((ulong)(view.Value >> 64), 17) ^ version));
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _secret);
        Span<byte> id = stackalloc byte[ViewId.Length + 1];
        view.CopyTo(id);
        id[^1] = version;
        hash.AppendData(_keyPrefix);
        hash.AppendData(id);
        hash.AppendData(payload);
        Span<byte> tag = stackalloc byte[HMACSHA256.HashSizeInBytes];
        hash.GetHashAndReset(tag);
        return BinaryPrimitives.ReadUInt64LittleEndian(tag);
    }
}
