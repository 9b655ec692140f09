using Kd.Core.Randomness;

namespace Kd.Fuzz;

/// <summary>Makes inputs from inputs: changed bits, bytes and numbers, removed, repeated and moved blocks, and pieces of two inputs.</summary>
internal static class Mutator
{
    private const int LargestInput = 1 << 20;
    private static readonly long[] s_numbers =
    [
        0,
        1,
        -1,
        127,
        128,
        255,
        256,
        32_767,
        65_535,
        int.MaxValue,
        int.MinValue,
        1L << 32,
        long.MaxValue,
        long.MinValue,
    ];

    /// <summary>Makes an input.</summary>
    /// <param name="inputs">The known inputs.</param>
    /// <param name="random">Chooses.</param>
    public static byte[] Mutate(IReadOnlyList<byte[]> inputs, ref CounterRandom random)
    {
        var input = new List<byte>(inputs[random.NextInt32(inputs.Count)]);
        for (var change = 1 << random.NextInt32(5); change > 0; change--)
            Change(input, inputs, ref random);
        return input.Count <= LargestInput ? [.. input] : [.. input.Take(LargestInput)];
    }

    private static void Change(List<byte> input, IReadOnlyList<byte[]> inputs, ref CounterRandom random)
    {
        if (input.Count == 0)
        {
            input.Add((byte)random.NextInt32(256));
            return;
        }

        var at = random.NextInt32(input.Count);
        var length = 1 + random.NextInt32(Math.Min(input.Count - at, 1 << random.NextInt32(10)));
        switch (random.NextInt32(8))
        {
            case 0:
                input[at] ^= (byte)(1 << random.NextInt32(8));
                break;
            case 1:
                input[at] = (byte)random.NextInt32(256);
                break;
            case 2:
                SetNumber(input, at, ref random);
                break;
            case 3:
                input.RemoveRange(at, length);
                break;
            case 4:
                input.InsertRange(at, input.GetRange(at, length));
                break;
            case 5:
                input.InsertRange(random.NextInt32(input.Count), input.GetRange(at, length));
                break;
            case 6:
                input.RemoveRange(at, input.Count - at);
                break;
            default:
                var other = inputs[random.NextInt32(inputs.Count)];
                var from = other.Length == 0 ? 0 : random.NextInt32(other.Length);
                input.InsertRange(at, other.AsSpan(from, Math.Min(length, other.Length - from)).ToArray());
                break;
        }
    }

    // In 1, 2, 4 or 8 bytes, in both orders.
    private static void SetNumber(List<byte> input, int at, ref CounterRandom random)
    {
        var bytes = BitConverter.GetBytes(s_numbers[random.NextInt32(s_numbers.Length)] + random.NextInt32(3) - 1)[..(1 << random.NextInt32(4))];
        if (random.NextInt32(2) == 0)
            Array.Reverse(bytes);
        for (var i = 0; i < bytes.Length && at + i < input.Count; i++)
            input[at + i] = bytes[i];
    }
}
