using System.Numerics.Tensors;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Training;
using Kd.Vision.Datasets;

namespace Kd.StudentTrainer.Runs;

/// <summary>Measures a classifier on a split's evaluation views.</summary>
internal static class Evaluation
{
    private const int BatchSize = 128;
    private const int Top = 5;

    /// <summary>Measures.</summary>
    /// <param name="context">Gives the views.</param>
    /// <param name="split">The images.</param>
    /// <param name="needsTeacher">Whether batches carry teacher logits.</param>
    /// <param name="logits">A batch's logits, row-major [N, C].</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="TrainingException">A logit is not finite.</exception>
    public static EvaluationResult Measure(
        RunContext context,
        ImageSplit split,
        bool needsTeacher,
        Func<ReadyBatch, float[]> logits,
        CancellationToken cancellation
    )
    {
        var names = context.Dataset.ClassNames;
        var plans = BatchPlan.Cut([.. Enumerable.Range(0, split.Count)], BatchSize).Select(samples => new BatchPlan(samples, null, needsTeacher));
        var confusion = names.Select(_ => new int[names.Count]).ToArray();
        var (calibration, topFive) = (new CalibrationError(), 0);
        var probabilities = new float[names.Count];
        foreach (var batch in context.Pipeline(split).Run(plans, (_, _) => { }, cancellation))
        {
            var values = logits(batch);
            for (var row = 0; row < batch.Count; row++)
            {
                var scores = values.AsSpan(row * names.Count, names.Count);
                var label = (int)batch.Labels[row];
                var choice = TensorPrimitives.IndexOfMax<float>(scores);
                confusion[label][choice]++;
                topFive += Rank(scores, label) < Top ? 1 : 0;
                TensorPrimitives.SoftMax(scores, probabilities);
                if (!float.IsFinite(probabilities[choice]))
                    throw new TrainingException(
                        $"The logits of {split.Name} image '{split.NameOf(batch.Samples[row])}' are not finite. Training has diverged: try a smaller Training:LearningRate, or Training:GradientClip=1."
                    );
                calibration.Add(probabilities[choice], choice == label);
            }
        }

        return new EvaluationResult(names, confusion, topFive, calibration.Value, calibration.Bins);
    }

    // How many classes score higher; of equal ones, those that come first.
    private static int Rank(ReadOnlySpan<float> scores, int label)
    {
        var rank = 0;
        for (var c = 0; c < scores.Length; c++)
            rank += scores[c] > scores[label] || (scores[c] == scores[label] && c < label) ? 1 : 0;
        return rank;
    }
}

/// <summary>What an evaluation found.</summary>
/// <param name="Classes">Class names.</param>
/// <param name="Confusion">By class of the image, then by class that was chosen: images.</param>
/// <param name="TopFive">Images whose class is among the five that score highest.</param>
/// <param name="CalibrationError">Expected calibration error, 0 to 1.</param>
/// <param name="Calibration">Its bins.</param>
internal sealed record EvaluationResult(
    IReadOnlyList<string> Classes,
    int[][] Confusion,
    int TopFive,
    double CalibrationError,
    IReadOnlyList<CalibrationBin> Calibration
)
{
    /// <summary>Images.</summary>
    public int Images => Confusion.Sum(row => row.Sum());

    /// <summary>Images that were classified right.</summary>
    public int Correct => Confusion.Select((row, c) => row[c]).Sum();

    /// <summary>Percent.</summary>
    public double Accuracy => 100.0 * Correct / Images;

    /// <summary>Percent of each class's images; null where it has none.</summary>
    public IReadOnlyList<double?> ClassAccuracy => [.. Confusion.Select((row, c) => row.Sum() is var images and > 0 ? 100.0 * row[c] / images : (double?)null)];

    /// <summary>95% interval of the accuracy, percent.</summary>
    public (double Low, double High) Interval => WilsonInterval(Correct, Images);

    /// <summary>(p + z^2/2n +- z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n), percent, z = 1.96.</summary>
    /// <remarks>Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".</remarks>
    internal static (double Low, double High) WilsonInterval(int correct, int images)
    {
        const double z = 1.959964;
        var (p, n) = ((double)correct / images, (double)images);
        var centre = p + z * z / (2 * n);
        var half = z * Math.Sqrt(p * (1 - p) / n + z * z / (4 * n * n));
        var scale = 100 / (1 + z * z / n);
        return (Math.Max(0, scale * (centre - half)), Math.Min(100, scale * (centre + half)));
    }
}
