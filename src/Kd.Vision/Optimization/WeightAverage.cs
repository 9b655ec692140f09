using Kd.Vision.Checkpoints;
using Kd.Vision.Runtime;
using static TorchSharp.torch;

namespace Kd.Vision.Optimization;

/// <summary>An exponential moving average of a network's weights, kept in a second network.</summary>
/// <remarks>
/// a = d a + (1 - d) w with d = min(decay, (1 + n) / (10 + n)) after step n, so that early weights are forgotten quickly; buffers are copied.
/// Source: Polyak and Juditsky 1992; the rising decay as in TensorFlow's ExponentialMovingAverage.
/// </remarks>
public sealed class WeightAverage : IDisposable
{
    private readonly double _decay;
    private readonly nn.Module _owner;
    private readonly (Tensor Average, Tensor Source, bool IsWeight)[] _pairs;

    /// <summary>Creates an average that starts with the network's weights.</summary>
    /// <param name="average">A network of the same architecture; owned.</param>
    /// <param name="source">The network in training.</param>
    /// <param name="decay">Above 0, below 1.</param>
    public WeightAverage(nn.Module average, nn.Module source, double decay)
    {
        (_owner, _decay) = (average, decay);
        var weights = source.named_parameters().Select(parameter => parameter.name).ToHashSet();
        var sources = ModuleState.Entries(source).ToDictionary(entry => entry.Key, entry => entry.Value);
        _pairs = [.. ModuleState.Entries(average).Select(entry => (entry.Value, sources[entry.Key], weights.Contains(entry.Key)))];
        using var _ = no_grad();
        foreach (var (kept, from, _) in _pairs)
            kept.copy_(from);
    }

    /// <summary>Updates the average with the weights after a step.</summary>
    /// <param name="steps">Steps taken.</param>
    public void Update(long steps)
    {
        using var _ = no_grad();
        var decay = Math.Min(_decay, (1.0 + steps) / (10 + steps));
        foreach (var (average, source, isWeight) in _pairs)
        {
            if (isWeight)
                average.TimesInPlace(decay).PlusInPlace(source, 1 - decay);
            else
                average.copy_(source);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _owner.Dispose();
}
