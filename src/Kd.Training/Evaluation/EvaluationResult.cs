namespace Kd.Training.Evaluation;

/// <summary>The result of an evaluation.</summary>
/// <param name="Classes">Class names, C of them.</param>
/// <param name="Confusion">Number of images by label, then by predicted class, [C][C].</param>
/// <param name="TopFive">Images whose class is among the five with the highest scores.</param>
/// <param name="CalibrationError">Expected calibration error, 0 to 1.</param>
/// <param name="Calibration">Bins of the calibration error.</param>
public sealed record EvaluationResult(
    IReadOnlyList<string> Classes,
    int[][] Confusion,
    int TopFive,
    double CalibrationError,
    IReadOnlyList<CalibrationBin> Calibration
)
{
    private const int MaxConfusions = 10;

    /// <summary>Mean KL divergence from the teacher at temperature 1, nats; null if the batches had no teacher logits.</summary>
    public double? Divergence { get; init; }

    /// <summary>Number of images.</summary>
    public int Images => Confusion.Sum(row => row.Sum());

    /// <summary>Images that were classified correctly.</summary>
    public int Correct => Confusion.Select((row, c) => row[c]).Sum();

    /// <summary>Top-1 accuracy, percent.</summary>
    public double Accuracy => 100.0 * Correct / Images;

    /// <summary>Accuracy of each class, percent; null for a class without images.</summary>
    public IReadOnlyList<double?> ClassAccuracy => [.. Confusion.Select((row, c) => row.Sum() is var images and > 0 ? 100.0 * row[c] / images : (double?)null)];

    /// <summary>95% confidence interval of the accuracy, percent.</summary>
    public (double Low, double High) Interval => WilsonInterval(Correct, Images);

    /// <summary>Lists the most frequent confusions, most frequent first.</summary>
    public IEnumerable<ClassConfusion> FindConfusions() =>
        Confusion
            .SelectMany((row, from) => row.Select((images, to) => (From: from, To: to, Images: images)))
            .Where(cell => cell.From != cell.To && cell.Images > 0)
            .OrderByDescending(cell => cell.Images)
            .ThenBy(cell => cell.From)
            .ThenBy(cell => cell.To)
            .Take(MaxConfusions)
            .Select(cell => new ClassConfusion(Classes[cell.From], Classes[cell.To], cell.Images));

    /// <summary>Computes the 95% interval (p + z^2/2n +- z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n), percent, z = 1.96.</summary>
    /// <remarks>Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".</remarks>
    internal static (double Low, double High) WilsonInterval(int correct, int images)
    {
        const double z = 1.959964;
        var (p, n) = ((double)correct / images, (double)images);
        var center = p + z * z / (2 * n);
        var half = z * Math.Sqrt(p * (1 - p) / n + z * z / (4 * n * n));
        var scale = 100 / (1 + z * z / n);
        return (Math.Max(0, scale * (center - half)), Math.Min(100, scale * (center + half)));
    }
}

/// <summary>Images of one class that were classified as another class.</summary>
/// <param name="Class">Class of the images.</param>
/// <param name="Chosen">The predicted class.</param>
/// <param name="Images">Number of images.</param>
public sealed record ClassConfusion(string Class, string Chosen, int Images);
