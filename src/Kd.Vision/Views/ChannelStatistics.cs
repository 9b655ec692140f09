namespace Kd.Vision.Views;

/// <summary>Mean and standard deviation of red, green and blue, on a scale of 0 to 1, by which a network's input is normalized.</summary>
/// <param name="Mean">Three values.</param>
/// <param name="StandardDeviation">Three values above 0.</param>
public sealed record ChannelStatistics(IReadOnlyList<float> Mean, IReadOnlyList<float> StandardDeviation)
{
    /// <summary>The statistics of ImageNet, which torchvision's networks expect.</summary>
    public static ChannelStatistics ImageNet { get; } = new(Normalization.Mean, Normalization.StandardDeviation);

    /// <summary>The factors a of (x / 255 - mean) / deviation = a x + b, of the three channels.</summary>
    public float[] Scale => [.. StandardDeviation.Select(deviation => 1f / (255f * deviation))];

    /// <summary>The summands b of (x / 255 - mean) / deviation = a x + b, of the three channels.</summary>
    public float[] Shift => [.. Mean.Zip(StandardDeviation, (mean, deviation) => -mean / deviation)];
}
