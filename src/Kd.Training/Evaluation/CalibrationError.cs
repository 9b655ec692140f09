namespace Kd.Training.Evaluation;

/// <summary>Computes the expected calibration error: the mean gap between accuracy and confidence over 15 bins of confidence.</summary>
/// <remarks>
/// sum over bins of |bin| / n * |accuracy - mean confidence|. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
/// </remarks>
internal sealed class CalibrationError
{
    private const int BinCount = 15;
    private readonly (int Images, int Correct, double Confidence)[] _bins = new (int, int, double)[BinCount];

    /// <summary>The error over all images so far, 0 to 1; 0 before the first image.</summary>
    public double Value
    {
        get
        {
            var all = Math.Max(1, _bins.Sum(bin => bin.Images));
            return _bins.Where(bin => bin.Images > 0).Sum(bin => Math.Abs(bin.Correct - bin.Confidence) / all);
        }
    }

    /// <summary>The bins by ascending confidence.</summary>
    public IReadOnlyList<CalibrationBin> Bins =>
        [
            .. _bins.Select(bin => new CalibrationBin(
                bin.Images,
                bin.Images == 0 ? 0 : bin.Confidence / bin.Images,
                bin.Images == 0 ? 0 : (double)bin.Correct / bin.Images
            )),
        ];

    /// <summary>Adds an image.</summary>
    /// <param name="confidence">Probability of the predicted class, 0 to 1.</param>
    /// <param name="isCorrect">Whether the predicted class is the label.</param>
    public void Add(double confidence, bool isCorrect)
    {
        ref var bin = ref _bins[Math.Clamp((int)Math.Ceiling(confidence * BinCount) - 1, 0, BinCount - 1)];
        bin = (bin.Images + 1, bin.Correct + (isCorrect ? 1 : 0), bin.Confidence + confidence);
    }
}

/// <summary>A bin of images that were classified with similar confidence.</summary>
/// <param name="Images">Number of images.</param>
/// <param name="Confidence">Mean confidence, 0 to 1.</param>
/// <param name="Accuracy">Share of the images that were classified correctly, 0 to 1.</param>
public sealed record CalibrationBin(int Images, double Confidence, double Accuracy);
