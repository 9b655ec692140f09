using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Kd.Vision.Checkpoints;

/// <summary>Reads Python pickles of state dicts. It only builds data; names are resolved by <see cref="PickleGlobals"/>, an allow-list.</summary>
/// <remarks>Source of the opcodes: CPython's Lib/pickletools.py, protocols 0 to 5; only those that state dicts use.</remarks>
internal sealed class Unpickler(byte[] content, Func<object?, object>? persistentLoad = null)
{
    // A state dict needs about 40 a tensor; each may allocate an object that is far larger than its opcode.
    private const int MostOpcodes = 1_000_000;
    private static readonly object s_mark = new();

    private static readonly Dictionary<char, Action<Unpickler>> s_opcodes = new()
    {
        ['\u0080'] = self => self.Take(1), // PROTO
        ['\u0095'] = self => self.Take(8), // FRAME
        ['('] = self => self._stack.Add(s_mark), // MARK
        ['0'] = self => self.Pop(), // POP
        ['N'] = self => self.Push(null), // NONE
        ['\u0088'] = self => self.Push(true), // NEWTRUE
        ['\u0089'] = self => self.Push(false), // NEWFALSE
        ['}'] = self => self.Push(new PickledDictionary()), // EMPTY_DICT
        [']'] = self => self.Push(new List<object?>()), // EMPTY_LIST
        [')'] = self => self.Push(Array.Empty<object?>()), // EMPTY_TUPLE
        ['t'] = self => self.Push(self.PopToMark().ToArray()), // TUPLE
        ['\u0085'] = self => self.Push(self.PopMany(1)), // TUPLE1
        ['\u0086'] = self => self.Push(self.PopMany(2)), // TUPLE2
        ['\u0087'] = self => self.Push(self.PopMany(3)), // TUPLE3
        ['l'] = self => self.Push(self.PopToMark()), // LIST
        ['d'] = self => self.Push(self.SetItems(new PickledDictionary(), self.PopToMark())), // DICT
        ['a'] = self => self.AppendItems([self.Pop()]), // APPEND
        ['e'] = self => self.AppendItems(self.PopToMark()), // APPENDS
        ['s'] = self => self.SetItems(null, [.. self.PopMany(2)]), // SETITEM
        ['u'] = self => self.SetItems(null, self.PopToMark()), // SETITEMS
        ['b'] = self => self.Pop(), // BUILD: attributes such as _metadata
        ['Q'] = self => self.Push(self.Persistent(self.Pop())), // BINPERSID
        ['R'] = self => self.Reduce(), // REDUCE
        ['c'] = self => self.Push(PickleGlobals.Find($"{self.TakeLine()}.{self.TakeLine()}")), // GLOBAL
        ['\u0093'] = self => self.StackGlobal(), // STACK_GLOBAL
        ['K'] = self => self.Push((long)self.Take(1)[0]), // BININT1
        ['M'] = self => self.Push((long)BinaryPrimitives.ReadUInt16LittleEndian(self.Take(2))), // BININT2
        ['J'] = self => self.Push((long)BinaryPrimitives.ReadInt32LittleEndian(self.Take(4))), // BININT
        ['\u008a'] = self => self.Push(Shrink(new BigInteger(self.Take(self.Take(1)[0])))), // LONG1
        ['G'] = self => self.Push(BinaryPrimitives.ReadDoubleBigEndian(self.Take(8))), // BINFLOAT
        ['X'] = self => self.Push(Text(self.TakeLength(4))), // BINUNICODE
        ['\u008c'] = self => self.Push(Text(self.TakeLength(1))), // SHORT_BINUNICODE
        ['U'] = self => self.Push(Text(self.TakeLength(1))), // SHORT_BINSTRING
        ['T'] = self => self.Push(Text(self.TakeLength(4))), // BINSTRING
        ['q'] = self => self._memo[self.Take(1)[0]] = self.Peek(), // BINPUT
        ['r'] = self => self._memo[BinaryPrimitives.ReadUInt32LittleEndian(self.Take(4))] = self.Peek(), // LONG_BINPUT
        ['\u0094'] = self => self._memo[self._memo.Count] = self.Peek(), // MEMOIZE
        ['h'] = self => self.Push(self.Recall(self.Take(1)[0])), // BINGET
        ['j'] = self => self.Push(self.Recall(BinaryPrimitives.ReadUInt32LittleEndian(self.Take(4)))), // LONG_BINGET
    };

    private readonly Dictionary<long, object?> _memo = [];
    private readonly List<object?> _stack = [];
    private long _opcodes;

    /// <summary>Resolves persistent ids.</summary>
    public Func<object?, object>? PersistentLoad { get; set; } = persistentLoad;

    /// <summary>Offset of the byte after the last pickle read.</summary>
    public int Position { get; private set; }

    /// <summary>Reads one pickle, up to its STOP.</summary>
    /// <exception cref="InvalidDataException">The pickle has an opcode, a name or a structure that a state dict does not need.</exception>
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
        if (++_opcodes > MostOpcodes)
            throw new InvalidDataException($"its pickle has more than {MostOpcodes} opcodes; a state dict needs some thousands");
        if (!s_opcodes.TryGetValue(opcode, out var execute))
            throw new InvalidDataException($"its pickle has the opcode 0x{(int)opcode:x2} at byte {Position - 1}, which a state dict does not need");
        execute(this);
    }

    private static object Shrink(BigInteger value) => value >= long.MinValue && value <= long.MaxValue ? (long)value : value;

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private object Persistent(object? id) =>
        PersistentLoad is { } load ? load(id) : throw new InvalidDataException("it has a persistent id where none is expected");

    private void Reduce()
    {
        var arguments = Pop() as object?[] ?? throw new InvalidDataException("a call has no argument tuple");
        // A call copies its arguments, which a pickle may recall again and again.
        _opcodes += arguments.Sum(argument => argument is System.Collections.ICollection { Count: var count } ? count : 0);
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

    private object? Peek() => _stack.Count > 0 ? _stack[^1] : throw new InvalidDataException("its pickle reads from an empty stack");

    private object? Pop()
    {
        var value = Peek();
        if (ReferenceEquals(value, s_mark))
            throw new InvalidDataException("its pickle uses a mark as a value");
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
