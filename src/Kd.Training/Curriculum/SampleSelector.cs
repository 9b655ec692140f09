using Kd.Core.Randomness;
using Kd.Protocol.Curriculum.V1;

namespace Kd.Training.Curriculum;

/// <summary>Selects the samples of an epoch by difficulty: exactly the requested number, each at most once.</summary>
/// <remarks>Source of the strategies and weights: docs/architecture.md, "Strategies".</remarks>
internal static class SampleSelector
{
    private const int Fifths = 5;
    private static readonly double[] s_easyWeights = [5, 3, 2, 1, 1];
    private static readonly double[] s_hardWeights = [1, 1, 2, 3, 5];

    /// <summary>Selects round(ratio * N) samples, at least 1, in random order.</summary>
    /// <param name="strategy">The strategy.</param>
    /// <param name="threshold">Difficulty threshold, 0 to 1.</param>
    /// <param name="ratio">Share of the samples, above 0, at most 1.</param>
    /// <param name="difficulty">Difficulty of each sample; equal ones are ordered at random.</param>
    /// <param name="seed">Seed of the choice.</param>
    public static int[] Select(Strategy strategy, double threshold, double ratio, ReadOnlySpan<float> difficulty, ulong seed)
    {
        var count = Math.Clamp((int)Math.Round(ratio * difficulty.Length), 1, difficulty.Length);
        var order = OrderByDifficulty(difficulty, seed);
        var chosen = strategy switch
        {
            Strategy.EasyToHard => EasyToHard(order, threshold, count, seed),
            Strategy.HardMining => Weighted(order, s_hardWeights, threshold == 0 ? 0 : 1 + 2 * threshold, count, seed),
            Strategy.Mixed => Mixed(order, threshold, count, seed),
            Strategy.Adaptive => order[AdaptiveWindow(order.Length, threshold, count)],
            Strategy.Random => Weighted(order, s_easyWeights, 0, count, seed),
            _ => throw new ArgumentOutOfRangeException(nameof(strategy), strategy, "Not a strategy."),
        };
        new CounterRandom(seed, 0x0DE4).Shuffle(chosen.AsSpan());
        return chosen;
    }

    private static int[] EasyToHard(int[] order, double threshold, int count, ulong seed)
    {
        var window = Math.Max(count, (int)Math.Round((0.5 + 0.5 * threshold) * order.Length));
        return Weighted(order[..window], s_easyWeights, 1 + 2 * (1 - threshold), count, seed);
    }

    private static int[] Mixed(int[] order, double threshold, int count, ulong seed) =>
        threshold == 0.5
            ? Weighted(order, s_easyWeights, 0, count, seed)
            : Weighted(order, threshold < 0.5 ? s_easyWeights : s_hardWeights, 1 + Math.Abs(2 * (0.5 - threshold)), count, seed);

    // As wide as the epoch, centered on the threshold, and shifted to lie within the order.
    private static Range AdaptiveWindow(int length, double threshold, int count)
    {
        var start = Math.Clamp((int)Math.Round(threshold * length - count / 2.0), 0, length - count);
        return start..(start + count);
    }

    /// <summary>Selects samples of each fifth of the order in proportion to weight^exponent; exponent 0 is uniform.</summary>
    private static int[] Weighted(int[] order, double[] weights, double exponent, int count, ulong seed)
    {
        if (exponent == 0)
        {
            var all = order.ToArray();
            new CounterRandom(seed, 0xA11).Shuffle(all.AsSpan());
            return all[..count];
        }

        var bounds = Enumerable.Range(0, Fifths + 1).Select(i => (int)((long)i * order.Length / Fifths)).ToArray();
        var capacity = Enumerable.Range(0, Fifths).Select(i => bounds[i + 1] - bounds[i]).ToArray();
        var quotas = Allocate(Array.ConvertAll(weights, weight => Math.Pow(weight, exponent)), capacity, count);
        var chosen = new List<int>(count);
        for (var fifth = 0; fifth < Fifths; fifth++)
        {
            var members = order[bounds[fifth]..bounds[fifth + 1]];
            new CounterRandom(seed, CounterRandom.Mix(0xF1F7, (ulong)fifth)).Shuffle(members.AsSpan());
            chosen.AddRange(members.AsSpan(0, quotas[fifth]));
        }

        return [.. chosen];
    }

    /// <summary>Allocates whole quotas by weight that sum to the count. Samples beyond a capacity go to the nearest fifths with free capacity.</summary>
    internal static int[] Allocate(double[] weights, int[] capacity, int count)
    {
        var quotas = LargestRemainder(weights, count);
        for (var fifth = 0; fifth < quotas.Length; fifth++)
        {
            var rest = quotas[fifth] - capacity[fifth];
            if (rest <= 0)
                continue;
            quotas[fifth] = capacity[fifth];
            Redistribute(quotas, capacity, fifth, rest);
        }

        return quotas;
    }

    private static void Redistribute(int[] quotas, int[] capacity, int from, int rest)
    {
        for (var distance = 1; rest > 0 && distance < quotas.Length; distance++)
        {
            // The easier and the harder neighbor share the rest; an odd one goes to the easier.
            int[] neighbors = [from - distance, from + distance];
            var open = neighbors.Where(i => i >= 0 && i < quotas.Length && quotas[i] < capacity[i]).ToArray();
            for (var i = 0; i < open.Length; i++)
            {
                var share = i == open.Length - 1 ? rest : (rest + 1) / 2;
                var taken = Math.Min(share, capacity[open[i]] - quotas[open[i]]);
                quotas[open[i]] += taken;
                rest -= taken;
            }

            foreach (var i in open)
            {
                var taken = Math.Min(rest, capacity[i] - quotas[i]);
                quotas[i] += taken;
                rest -= taken;
            }
        }
    }

    private static int[] LargestRemainder(double[] weights, int count)
    {
        var sum = weights.Sum();
        var exact = Array.ConvertAll(weights, weight => count * weight / sum);
        var quotas = Array.ConvertAll(exact, value => (int)value);
        var order = Enumerable.Range(0, weights.Length).OrderByDescending(i => exact[i] - quotas[i]).ThenBy(i => i);
        foreach (var i in order.Take(count - quotas.Sum()))
            quotas[i]++;
        return quotas;
    }

    private static int[] OrderByDifficulty(ReadOnlySpan<float> difficulty, ulong seed)
    {
        var order = Enumerable.Range(0, difficulty.Length).ToArray();
        new CounterRandom(seed, 0x71E5).Shuffle(order.AsSpan());
        // The bits of non-negative floats sort like their values. The lower half of a key is the place in the random order, which breaks ties.
        var keys = new ulong[order.Length];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = (ulong)BitConverter.SingleToUInt32Bits(Math.Max(0, difficulty[order[i]])) << 32 | (uint)i;
        Array.Sort(keys);
        return Array.ConvertAll(keys, key => order[(uint)key]);
    }
}
