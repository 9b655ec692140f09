using System.Runtime.CompilerServices;

namespace Kd.Core.Randomness;

/// <summary>A counter-based random number generator: its sequence depends only on its key and stream, never on other generators.</summary>
/// <remarks>Source: Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3", Philox4x32-10.</remarks>
public struct CounterRandom
{
    private readonly ulong _key;
    private readonly ulong _stream;
    private ulong _block;
    private Block _words;
    private int _used;

    /// <summary>Creates the generator of a key and a stream.</summary>
    /// <param name="key">A seed.</param>
    /// <param name="stream">Selects one of the 2^64 independent sequences of this seed.</param>
    public CounterRandom(ulong key, ulong stream)
    {
        _key = key;
        _stream = stream;
        _used = 4;
    }

    /// <summary>Returns the next 32 random bits.</summary>
    public uint NextUInt32()
    {
        if (_used == 4)
        {
            _words = Philox(_block++, _stream, _key);
            _used = 0;
        }

        return _words[_used++];
    }

    /// <summary>Draws uniformly from [0, 1), with 53 bits.</summary>
    public double NextDouble()
    {
        var high = (ulong)NextUInt32() >> 5;
        var low = (ulong)NextUInt32() >> 6;
        return ((high << 26) + low) * (1.0 / (1L << 53));
    }

    /// <summary>Draws uniformly from [from, to).</summary>
    public double NextDouble(double from, double to) => from + (to - from) * NextDouble();

    /// <summary>Draws uniformly from 0, 1, ..., count - 1, without bias.</summary>
    /// <param name="count">At least 1.</param>
    public int NextInt32(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        // Lemire 2019: multiply, and reject the few low parts that would be counted one time too many.
        var bound = (uint)count;
        var product = (ulong)NextUInt32() * bound;
        if ((uint)product < bound)
        {
            var threshold = (0u - bound) % bound;
            while ((uint)product < threshold)
                product = (ulong)NextUInt32() * bound;
        }

        return (int)(product >> 32);
    }

    /// <summary>Draws from the normal distribution with mean 0 and standard deviation 1 (Box and Muller 1958).</summary>
    public double NextGaussian()
    {
        var radius = Math.Sqrt(-2.0 * Math.Log(1.0 - NextDouble()));
        return radius * Math.Cos(2.0 * Math.PI * NextDouble());
    }

    /// <summary>Shuffles in place (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt32(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>Mixes several numbers into one key (SplitMix64 finalizer after each).</summary>
    public static ulong Mix(params ReadOnlySpan<ulong> parts)
    {
        var state = 0x9E3779B97F4A7C15UL;
        foreach (var part in parts)
        {
            state = (state ^ part) * 0xBF58476D1CE4E5B9UL;
            state = (state ^ (state >> 27)) * 0x94D049BB133111EBUL;
            state ^= state >> 31;
        }

        return state;
    }

    internal static Block Philox(ulong counterLow, ulong counterHigh, ulong key)
    {
        uint x0 = (uint)counterLow,
            x1 = (uint)(counterLow >> 32),
            x2 = (uint)counterHigh,
            x3 = (uint)(counterHigh >> 32);
        uint k0 = (uint)key,
            k1 = (uint)(key >> 32);
        for (var round = 0; round < 10; round++)
        {
            var product0 = 0xD2511F53UL * x0;
            var product1 = 0xCD9E8D57UL * x2;
            (x0, x1, x2, x3) = ((uint)(product1 >> 32) ^ x1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ x3 ^ k1, (uint)product0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }

        var words = default(Block);
        (words[0], words[1], words[2], words[3]) = (x0, x1, x2, x3);
        return words;
    }

    [InlineArray(4)]
    internal struct Block
    {
        private uint _first;
    }
}
