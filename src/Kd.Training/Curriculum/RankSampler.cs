using Kd.Core.Randomness;
using Kd.Protocol.Curriculum.V1;

namespace Kd.Training.Curriculum;

/// <summary>Selects the samples of an epoch by a density over the difficulty ranks, each at most once. Samples that were never measured come first.</summary>
internal static class RankSampler
{
    /// <summary>Selects round(ratio * N) samples, at least 1, in random order. All N samples have the order of a run without a curriculum.</summary>
    /// <remarks>
    /// Draws without replacement with the density at rank (i + 0.5) / N as weight w: the samples with the smallest -ln(u) / w.
    /// Source: Efraimidis and Spirakis 2006, "Weighted random sampling with a reservoir".
    /// </remarks>
    /// <param name="density">The density; null: uniform.</param>
    /// <param name="ratio">Share of the samples, above 0, at most 1.</param>
    /// <param name="difficulty">Difficulty of each sample.</param>
    /// <param name="seed">Seed of the choice and of the order.</param>
    public static int[] Select(RankDensity? density, double ratio, SampleDifficulty difficulty, ulong seed)
    {
        var samples = difficulty.Values.Length;
        var order = Enumerable.Range(0, samples).ToArray();
        new CounterRandom(seed, 0).Shuffle(order.AsSpan());
        var count = Math.Clamp((int)Math.Round(ratio * samples), 1, samples);
        if (count == samples)
            return order;
        var keys = Keys(density, difficulty, seed);
        var last = keys.Order().ElementAt(count - 1);
        return Array.FindAll(order, sample => keys[sample] <= last);
    }

    /// <summary>Computes uniform + (1 - uniform) x^(a-1) (1-x)^(b-1) / B(a, b), the density at a rank.</summary>
    /// <param name="density">The density.</param>
    /// <param name="rank">x, from 0 for the easiest to 1 for the hardest.</param>
    public static double At(RankDensity density, double rank) =>
        density.Uniform + (1 - density.Uniform) * MathNet.Numerics.Distributions.Beta.PDF(density.A, density.B, rank);

    private static double[] Keys(RankDensity? density, SampleDifficulty difficulty, ulong seed)
    {
        var values = difficulty.Values.ToArray();
        var ranked = Enumerable.Range(0, values.Length).Where(difficulty.IsMeasured).OrderBy(sample => values[sample]).ThenBy(sample => sample).ToArray();
        var keys = new double[values.Length];
        var random = new CounterRandom(seed, 0x3A4C);
        for (var sample = 0; sample < keys.Length; sample++)
            keys[sample] = -Math.Log(1 - random.NextDouble());
        // Below 0, and so before all others; in random order among themselves.
        foreach (var sample in Enumerable.Range(0, keys.Length).Where(sample => !difficulty.IsMeasured(sample)))
            keys[sample] = -1 / (1 + keys[sample]);
        if (density is not null)
        {
            for (var i = 0; i < ranked.Length; i++)
                keys[ranked[i]] /= At(density, (i + 0.5) / ranked.Length);
        }

        return keys;
    }
}
