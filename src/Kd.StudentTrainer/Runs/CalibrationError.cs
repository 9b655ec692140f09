namespace Kd.StudentTrainer.Runs;

/// <summary>Expected calibration error: by how much confidence and accuracy differ, over 15 bins of confidence.</summary>
/// <remarks>sum over bins of |bin| / n * |accuracy - mean confidence|. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.</remarks>
internal sealed class CalibrationError
{
    private const int BinCount = 15;
    private readonly (int Images, int Correct, double Confidence)[] _bins = new (int, int, double)[BinCount];

    /// <summary>0 to 1; 0 before any image.</summary>
    public double Value
    {
        get
        {
            var all = Math.Max(1, _bins.Sum(bin => bin.Images));
            return _bins.Where(bin => bin.Images > 0).Sum(bin => Math.Abs(bin.Correct - bin.Confidence) / all);
        }
    }

    /// <summary>By confidence, ascending.</summary>
    public IReadOnlyList<CalibrationBin> Bins =>
        [
            .. _bins.Select(bin => new CalibrationBin(
                bin.Images,
                bin.Images == 0 ? 0 : bin.Confidence / bin.Images,
                bin.Images == 0 ? 0 : (double)bin.Correct / bin.Images
            )),
        ];

    /// <summary>Takes an image.</summary>
    /// <param name="confidence">Probability of the chosen class, 0 to 1.</param>
    /// <param name="isCorrect">Whether it was the right one.</param>
    public void Add(double confidence, bool isCorrect)
    {
        ref var bin = ref _bins[Math.Clamp((int)Math.Ceiling(confidence * BinCount) - 1, 0, BinCount - 1)];
        bin = (bin.Images + 1, bin.Correct + (isCorrect ? 1 : 0), bin.Confidence + confidence);
    }
}

/// <summary>Images of similar confidence.</summary>
/// <param name="Images">How many.</param>
/// <param name="Confidence">Their mean confidence, 0 to 1.</param>
/// <param name="Accuracy">Share that was classified right.</param>
internal sealed record CalibrationBin(int Images, double Confidence, double Accuracy);
