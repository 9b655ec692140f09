using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Kd.Vision.Checkpoints;

/// <summary>Reads Python pickles of state dicts. It builds data only; names are resolved by <see cref="PickleGlobals"/>, an allow-list.</summary>
/// <remarks>Source of the opcodes: CPython's Lib/pickletools.py, protocols 0 to 5, as far as state dicts use them.</remarks>
internal sealed class Unpickler(byte[] content, Func<object?, object>? persistentLoad = null)
{
    private static readonly object s_mark = new();
    private readonly Dictionary<long, object?> _memo = [];
    private readonly List<object?> _stack = [];

    /// <summary>What a persistent id stands for.</summary>
    public Func<object?, object>? PersistentLoad { get; set; } = persistentLoad;

    /// <summary>Where the next pickle, or what follows the pickles, begins.</summary>
    public int Position { get; private set; }

    /// <summary>Reads one pickle, up to its STOP.</summary>
    /// <exception cref="InvalidDataException">An opcode, a name or a structure that a state dict does not need.</exception>
    /// <exception cref="EndOfStreamException">The bytes end too early.</exception>
    public object? Load()
    {
        _stack.Clear();
        _memo.Clear();
        while (true)
        {
            var opcode = (char)Take(1)[0];
            if (opcode == '.')
                return Pop();
            Execute(opcode);
        }
    }

    private void Execute(char opcode)
    {
        switch (opcode)
        {
            case '\u0080':
                Take(1);
                break; // PROTO
            case '\u0095':
                Take(8);
                break; // FRAME
            case '(':
                _stack.Add(s_mark);
                break; // MARK
            case '0':
                Pop();
                break; // POP
            case 'N':
                Push(null);
                break; // NONE
            case '\u0088':
                Push(true);
                break; // NEWTRUE
            case '\u0089':
                Push(false);
                break; // NEWFALSE
            case '}':
                Push(new PickledDictionary());
                break; // EMPTY_DICT
            case ']':
                Push(new List<object?>());
                break; // EMPTY_LIST
            case ')':
                Push(Array.Empty<object?>());
                break; // EMPTY_TUPLE
            case 't':
                Push(PopToMark().ToArray());
                break; // TUPLE
            case '\u0085':
                Push(PopMany(1));
                break; // TUPLE1
            case '\u0086':
                Push(PopMany(2));
                break; // TUPLE2
            case '\u0087':
                Push(PopMany(3));
                break; // TUPLE3
            case 'l':
                Push(PopToMark());
                break; // LIST
            case 'd':
                Push(SetItems(new PickledDictionary(), PopToMark()));
                break; // DICT
            case 'a':
                AppendItems([Pop()]);
                break; // APPEND
            case 'e':
                AppendItems(PopToMark());
                break; // APPENDS
            case 's':
                SetItems(null, [.. PopMany(2)]);
                break; // SETITEM
            case 'u':
                SetItems(null, PopToMark());
                break; // SETITEMS
            case 'b':
                Pop();
                break; // BUILD: attributes such as _metadata
            case 'Q':
                Push(Persistent(Pop()));
                break; // BINPERSID
            case 'R':
                Reduce();
                break; // REDUCE
            case 'c':
                Push(PickleGlobals.Find($"{TakeLine()}.{TakeLine()}"));
                break; // GLOBAL
            case '\u0093':
                StackGlobal();
                break; // STACK_GLOBAL
            default:
                ExecuteScalar(opcode);
                break;
        }
    }

    private void ExecuteScalar(char opcode)
    {
        switch (opcode)
        {
            case 'K':
                Push((long)Take(1)[0]);
                break; // BININT1
            case 'M':
                Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break; // BININT2
            case 'J':
                Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break; // BININT
            case '\u008a':
                Push(Shrink(new BigInteger(Take(Take(1)[0]))));
                break; // LONG1
            case 'G':
                Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break; // BINFLOAT
            case 'X':
                Push(Text(TakeLength(4)));
                break; // BINUNICODE
            case '\u008c':
                Push(Text(TakeLength(1)));
                break; // SHORT_BINUNICODE
            case 'U':
                Push(Text(TakeLength(1)));
                break; // SHORT_BINSTRING
            case 'T':
                Push(Text(TakeLength(4)));
                break; // BINSTRING
            case 'q':
                _memo[Take(1)[0]] = Peek();
                break; // BINPUT
            case 'r':
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek();
                break; // LONG_BINPUT
            case '\u0094':
                _memo[_memo.Count] = Peek();
                break; // MEMOIZE
            case 'h':
                Push(Recall(Take(1)[0]));
                break; // BINGET
            case 'j':
                Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break; // LONG_BINGET
            default:
                throw new InvalidDataException($"its pickle has the opcode 0x{(int)opcode:x2} at byte {Position - 1}, which a state dict does not need");
        }
    }

    private static object Shrink(BigInteger value) => value >= long.MinValue && value <= long.MaxValue ? (long)value : value;

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private object Persistent(object? id) =>
        PersistentLoad is { } load ? load(id) : throw new InvalidDataException("a persistent id stands where none is expected");

    private void Reduce()
    {
        var arguments = Pop() as object?[] ?? throw new InvalidDataException("a call has no argument tuple");
        Push(PickleGlobals.Call(Pop(), arguments));
    }

    private void StackGlobal()
    {
        var names = PopMany(2);
        Push(PickleGlobals.Find($"{names[0]}.{names[1]}"));
    }

    private void AppendItems(List<object?> items)
    {
        var list = Peek() as List<object?> ?? throw new InvalidDataException("it appends to something that is not a list");
        list.AddRange(items);
    }

    private PickledDictionary SetItems(PickledDictionary? target, List<object?> items)
    {
        target ??= Peek() as PickledDictionary ?? throw new InvalidDataException("it sets items of something that is not a dict");
        if (items.Count % 2 != 0)
            throw new InvalidDataException("a dict key lacks its value");
        for (var i = 0; i < items.Count; i += 2)
            target.Set(items[i], items[i + 1]);
        return target;
    }

    private void Push(object? value) => _stack.Add(value);

    private object? Peek() => _stack.Count > 0 ? _stack[^1] : throw new InvalidDataException("its pickle takes from an empty stack");

    private object? Pop()
    {
        var value = Peek();
        if (ReferenceEquals(value, s_mark))
            throw new InvalidDataException("its pickle takes a mark for a value");
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopMany(int count)
    {
        var values = new object?[count];
        for (var i = count - 1; i >= 0; i--)
            values[i] = Pop();
        return values;
    }

    private List<object?> PopToMark()
    {
        var mark = _stack.LastIndexOf(s_mark);
        if (mark < 0)
            throw new InvalidDataException("its pickle lacks a mark");
        var values = _stack.GetRange(mark + 1, _stack.Count - mark - 1);
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private object? Recall(long key) =>
        _memo.TryGetValue(key, out var value) ? value : throw new InvalidDataException($"its pickle recalls entry {key}, which it never stored");

    private ReadOnlySpan<byte> TakeLength(int width)
    {
        var length = width == 1 ? Take(1)[0] : BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        return length <= content.Length ? Take((int)length) : throw new EndOfStreamException($"a text of {length} bytes reaches beyond the end");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > content.Length - Position)
            throw new EndOfStreamException($"it ends at byte {content.Length}, in the middle of its pickle");
        var bytes = content.AsSpan(Position, count);
        Position += count;
        return bytes;
    }

    private string TakeLine()
    {
        var length = content.AsSpan(Position).IndexOf((byte)'\n');
        if (length < 0)
            throw new EndOfStreamException("a name has no end");
        var line = Encoding.UTF8.GetString(content, Position, length);
        Position += length + 1;
        return line;
    }
}
