using Kd.Training.Reports;
using MathNet.Numerics.Distributions;

namespace Kd.Training.Studies;

/// <summary>Compares two arms seed by seed.</summary>
/// <param name="Difference">Mean difference, points.</param>
/// <param name="Low">Lower end of the 95% interval.</param>
/// <param name="High">Upper end of the 95% interval.</param>
/// <param name="Probability">Two-sided p-value.</param>
/// <param name="Error">Standard error of the difference.</param>
/// <param name="Freedom">Degrees of freedom.</param>
internal sealed record PairedComparison(double Difference, double Low, double High, double Probability, double Error, int Freedom)
{
    /// <summary>Computes Student's paired t-test: t = mean / (s / sqrt(n)) with n - 1 degrees of freedom.</summary>
    /// <remarks>Source: Student 1908, "The Probable Error of a Mean".</remarks>
    /// <param name="values">Values of the arm by seed.</param>
    /// <param name="baseline">Values of the baseline in the same order; at least two.</param>
    public static PairedComparison Of(IReadOnlyList<double> values, IReadOnlyList<double> baseline)
    {
        if (values.Count != baseline.Count || values.Count < 2)
            throw new ArgumentException($"A paired test needs at least two pairs, got {values.Count} and {baseline.Count} values.");
        var (mean, deviation) = ResultTable.Summarize([.. values.Zip(baseline, (value, other) => value - other)]);
        if (deviation == 0)
            return new PairedComparison(mean, mean, mean, mean == 0 ? 1 : 0, 0, values.Count - 1);
        var error = deviation / Math.Sqrt(values.Count);
        var freedom = values.Count - 1;
        var half = StudentT.InvCDF(0, 1, freedom, 0.975) * error;
        return new PairedComparison(mean, mean - half, mean + half, 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(mean / error)), error, freedom);
    }

    /// <summary>Computes the one-sided p-value against the hypothesis that the arm is below the baseline by the margin or more.</summary>
    public double NotBelow(double margin) => OneSided(Difference + margin);

    /// <summary>Computes the p-value against the hypothesis that the arms differ by the margin or more: the larger one of two one-sided tests.</summary>
    /// <remarks>Source: Schuirmann 1987, "A comparison of the two one-sided tests procedure and the power approach" (TOST).</remarks>
    public double Equivalence(double margin) => Math.Max(NotBelow(margin), OneSided(margin - Difference));

    private double OneSided(double distance) => Error == 0 ? (distance > 0 ? 0 : 1) : StudentT.CDF(0, 1, Freedom, -distance / Error);

    /// <summary>Corrects p-values for multiple comparisons. Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".</summary>
    public static double[] Holm(IReadOnlyList<double> probabilities)
    {
        var corrected = new double[probabilities.Count];
        var largest = 0.0;
        foreach (var (rank, index) in Enumerable.Range(0, probabilities.Count).OrderBy(i => probabilities[i]).Index())
            corrected[index] = largest = Math.Max(largest, Math.Min(1, probabilities[index] * (probabilities.Count - rank)));
        return corrected;
    }
}
