using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Kd.Fuzz;

/// <summary>Counts the branches that an input takes in the instrumented assemblies, and remembers which were ever taken, and how often.</summary>
/// <remarks>Source: the technical details of American Fuzzy Lop; a count matters by its magnitude (1, 2, 4, 8 ...).</remarks>
internal sealed unsafe class CoverageMap
{
    private const int Size = 1 << 16;
    private readonly byte* _map = Trace.SharedMem;
    private readonly byte[] _seen = new byte[Size];

    /// <summary>Creates the memory of the map, which instrumented code, module initializers too, must not do without.</summary>
    public static void Prepare() => Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(Size);

    /// <summary>Number of branches that were ever taken.</summary>
    public int Edges { get; private set; }

    /// <summary>Forgets the branches of the last input.</summary>
    public void Clear()
    {
        new Span<byte>(_map, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Adds the branches of the last input.</summary>
    /// <returns>Whether one is new, or was taken more often than before.</returns>
    public bool Add()
    {
        var isNew = false;
        for (var word = 0; word < Size; word += sizeof(ulong))
        {
            if (*(ulong*)(_map + word) == 0)
                continue;
            for (var i = word; i < word + sizeof(ulong); i++)
            {
                var magnitude = (byte)(_map[i] == 0 ? 0 : 1 << BitOperations.Log2(_map[i]));
                if ((_seen[i] | magnitude) == _seen[i])
                    continue;
                Edges += _seen[i] == 0 ? 1 : 0;
                _seen[i] |= magnitude;
                isNew = true;
            }
        }

        return isNew;
    }
}
