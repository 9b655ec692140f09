using Kd.Core.Randomness;

namespace Kd.Training.Curriculum;

/// <summary>Keeps the last loss of each sample, and prunes samples with a low loss.</summary>
/// <remarks>Source: Qin et al. 2024, "InfoBatch: Lossless Training Speed Up by Unbiased Dynamic Data Pruning", equations 3 to 5.</remarks>
/// <param name="samples">Number of samples.</param>
internal sealed class LossPruning(int samples)
{
    private readonly float[] _losses = [.. Enumerable.Repeat(float.NaN, samples)];

    /// <summary>The last loss of each sample; NaN for a sample without one.</summary>
    public ReadOnlySpan<float> Losses => _losses;

    /// <summary>Records the unweighted losses of samples.</summary>
    public void Record(ReadOnlySpan<int> indexes, ReadOnlySpan<float> losses)
    {
        for (var i = 0; i < indexes.Length; i++)
            _losses[indexes[i]] = losses[i];
    }

    /// <summary>
    /// Removes round(p n) of the n samples whose loss is below the mean of all known losses. The remaining ones of these n have the weight 1 / (1 - p),
    /// all other samples have the weight 1.
    /// </summary>
    /// <param name="chosen">Samples of the epoch.</param>
    /// <param name="probability">p, 0 to below 1.</param>
    /// <param name="seed">Seed of the choice.</param>
    /// <returns>The remaining samples in the same order, and a weight for each sample of the dataset.</returns>
    public (int[] Samples, float[] Weights) Prune(int[] chosen, double probability, ulong seed)
    {
        var (sum, known) = (0.0, 0);
        foreach (var loss in _losses.Where(loss => !float.IsNaN(loss)))
            (sum, known) = (sum + loss, known + 1);
        var mean = known == 0 ? double.NegativeInfinity : sum / known;
        var low = Array.FindAll(chosen, sample => _losses[sample] < mean);
        new CounterRandom(seed, 0x1F0B).Shuffle(low.AsSpan());
        var pruned = (int)Math.Round(probability * low.Length);
        var weights = Enumerable.Repeat(1f, samples).ToArray();
        foreach (var sample in low)
            weights[sample] = (float)(1 / (1 - probability));
        foreach (var sample in low.AsSpan(0, pruned))
            weights[sample] = 0;
        return (Array.FindAll(chosen, sample => weights[sample] > 0), weights);
    }

    /// <summary>Restores saved losses.</summary>
    public void Restore(ReadOnlySpan<float> losses) => losses.CopyTo(_losses);
}
