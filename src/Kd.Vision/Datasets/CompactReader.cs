namespace Kd.Vision.Datasets;

/// <summary>Reads structures of Thrift's compact protocol, past the fields that are not wanted. Numbers are cut to their type, as Thrift does.</summary>
/// <param name="bytes">The structure, and what follows it.</param>
internal ref struct CompactReader(ReadOnlySpan<byte> bytes)
{
    public const int Int32 = 5,
        Int64 = 6,
        List = 9,
        Struct = 12;
    private const int True = 1,
        False = 2,
        Byte = 3,
        Int16 = 4,
        Double = 7,
        Binary = 8,
        Set = 10,
        Map = 11;

    // More than Thrift itself allows, which refuses what is deeper.
    private const int Deepest = 200;
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Goes to the next field of a structure.</summary>
    /// <param name="id">Id of the field before; 0 at the beginning.</param>
    /// <param name="type">Type of the field.</param>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="EndOfStreamException">The bytes end before.</exception>
    public bool Next(ref int id, out int type)
    {
        var head = Take();
        type = head & 15;
        if (type == 0)
            return false;
        id = (short)(head >> 4 is var step and > 0 ? id + step : ReadInt32());
        return true;
    }

    /// <summary>Reads an <see cref="Int32"/>.</summary>
    /// <exception cref="EndOfStreamException">The bytes end before.</exception>
    public int ReadInt32()
    {
        // Zigzag: 0, -1, 1, -2, ...
        var value = (uint)ReadVarint();
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    /// <summary>Reads an <see cref="Int64"/>.</summary>
    /// <exception cref="EndOfStreamException">The bytes end before.</exception>
    public long ReadInt64()
    {
        var value = ReadVarint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>Reads the head of a list.</summary>
    /// <returns>Number and type of its elements.</returns>
    /// <exception cref="EndOfStreamException">The bytes end before.</exception>
    public (long Count, int Type) ReadList()
    {
        var head = Take();
        return (head >> 4 is var count and < 15 ? count : (uint)ReadVarint(), head & 15);
    }

    /// <summary>Goes past a value.</summary>
    /// <exception cref="EndOfStreamException">The bytes end before.</exception>
    /// <exception cref="InvalidDataException">There is no such type, or it is nested too deeply.</exception>
    public void Skip(int type, int depth = 0)
    {
        if (depth > Deepest)
            throw new InvalidDataException("structures are nested too deeply");
        switch (type)
        {
            case True or False:
                break;
            case Byte:
                Take();
                break;
            case Int16 or Int32 or Int64:
                ReadVarint();
                break;
            case Double:
                Advance(sizeof(double));
                break;
            case Binary:
                Advance(ReadVarint());
                break;
            case List or Set:
                var (count, element) = ReadList();
                for (long i = 0; i < count; i++)
                    SkipElement(element, depth);
                break;
            case Map:
                SkipMap(depth);
                break;
            case Struct:
                for (var id = 0; Next(ref id, out var field); )
                    Skip(field, depth + 1);
                break;
            default:
                throw new InvalidDataException($"there is no type {type}");
        }
    }

    private void SkipMap(int depth)
    {
        var count = (uint)ReadVarint();
        if (count == 0)
            return;
        var types = Take();
        for (var i = 0U; i < count; i++)
        {
            SkipElement(types >> 4, depth);
            SkipElement(types & 15, depth);
        }
    }

    // Unlike fields, elements that are booleans take a byte.
    private void SkipElement(int type, int depth) => Skip(type is True or False ? Byte : type, depth + 1);

    private ulong ReadVarint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take();
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
                return value;
        }

        throw new InvalidDataException("a number has more than 64 bits");
    }

    private byte Take()
    {
        if (Position >= _bytes.Length)
            throw new EndOfStreamException();
        return _bytes[Position++];
    }

    private void Advance(ulong count)
    {
        if (count > (ulong)(_bytes.Length - Position))
            throw new EndOfStreamException();
        Position += (int)count;
    }
}
