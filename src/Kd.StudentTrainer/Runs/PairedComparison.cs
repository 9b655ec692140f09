using Kd.StudentTrainer.Progress;
using MathNet.Numerics.Distributions;

namespace Kd.StudentTrainer.Runs;

/// <summary>Two arms compared seed by seed.</summary>
/// <param name="Difference">Mean difference, points.</param>
/// <param name="Low">Lower end of its 95% interval.</param>
/// <param name="High">Upper end.</param>
/// <param name="Probability">p, two-sided, of a difference as large as this one where there is none.</param>
internal sealed record PairedComparison(double Difference, double Low, double High, double Probability)
{
    /// <summary>Student's paired t-test: t = mean / (s / sqrt(n)) with n - 1 degrees of freedom. Source: Student 1908, "The Probable Error of a Mean".</summary>
    /// <param name="values">By seed.</param>
    /// <param name="baseline">By seed, in the same order; at least two.</param>
    public static PairedComparison Of(IReadOnlyList<double> values, IReadOnlyList<double> baseline)
    {
        if (values.Count != baseline.Count || values.Count < 2)
            throw new ArgumentException($"A paired test needs at least two pairs, got {values.Count} and {baseline.Count} values.");
        var (mean, deviation) = ResultTable.Summarize([.. values.Zip(baseline, (value, other) => value - other)]);
        if (deviation == 0)
            return new PairedComparison(mean, mean, mean, mean == 0 ? 1 : 0);
        var error = deviation / Math.Sqrt(values.Count);
        var freedom = values.Count - 1;
        var half = StudentT.InvCDF(0, 1, freedom, 0.975) * error;
        return new PairedComparison(mean, mean - half, mean + half, 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(mean / error)));
    }

    /// <summary>Probabilities corrected for their number. Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".</summary>
    public static double[] Holm(IReadOnlyList<double> probabilities)
    {
        var corrected = new double[probabilities.Count];
        var largest = 0.0;
        foreach (var (rank, index) in Enumerable.Range(0, probabilities.Count).OrderBy(i => probabilities[i]).Index())
            corrected[index] = largest = Math.Max(largest, Math.Min(1, probabilities[index] * (probabilities.Count - rank)));
        return corrected;
    }
}
