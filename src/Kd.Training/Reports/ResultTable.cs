using System.Globalization;
using System.Text;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using MathNet.Numerics.Statistics;

namespace Kd.Training.Reports;

/// <summary>
/// Formats the table that compares teacher and methods. With several seeds a cell is the mean, and an accuracy is followed by its standard deviation.
/// </summary>
public static class ResultTable
{
    private static readonly string[] s_headers = ["method", "test accuracy %", "last epoch %", "samples seen", "teacher calls", "cache hits", "wall time s"];

    /// <summary>Creates the table; results of the same method share a row. Teacher calls are views that the teacher computed.</summary>
    public static ResultRows Format(IReadOnlyList<RunResult> results) =>
        new(HeadersOf(results), [.. results.GroupBy(result => result.Method).Select(group => Cells(group.Key, [.. group]))]);

    private static string[] HeadersOf(IReadOnlyList<RunResult> results) =>
        results.Any(result => result.IsAgreement) ? [s_headers[0], "agreement with teacher %", .. s_headers[2..]] : s_headers;

    /// <summary>Formats a table as Markdown.</summary>
    internal static string ToMarkdown(ResultRows rows)
    {
        var text = new StringBuilder();
        text.AppendLine($"| {string.Join(" | ", rows.Headers)} |");
        text.AppendLine($"|{string.Join("|", rows.Headers.Select((_, index) => index == 0 ? " --- " : " ---: "))}|");
        foreach (var cells in rows.Cells)
            text.AppendLine($"| {string.Join(" | ", cells)} |");
        return text.ToString();
    }

    /// <summary>Computes the mean and the sample standard deviation (n - 1), which is 0 for one value.</summary>
    internal static (double Mean, double Deviation) Summarize(IReadOnlyList<double> values) =>
        values.Count < 2 ? (values.Mean(), 0) : values.MeanStandardDeviation();

    private static string[] Cells(string method, RunResult[] results) =>
        [
            method,
            Accuracy([.. results.Select(result => result.TestAccuracy)]),
            results[0].LastCorrect is null ? "-" : Accuracy([.. results.Select(result => result.LastAccuracy ?? 0)]),
            method == StudySummary.TeacherRow ? "-" : Count(results.Average(result => result.SamplesSeen)),
            Count(results.Average(result => result.TeacherComputed)),
            Count(results.Average(result => result.CacheHits)),
            results.Average(result => result.Seconds).ToString("F1", CultureInfo.InvariantCulture),
        ];

    private static string Accuracy(IReadOnlyList<double> values)
    {
        var (mean, deviation) = Summarize(values);
        return string.Create(CultureInfo.InvariantCulture, $"{mean:F2}{(values.Count > 1 ? $" ({deviation:F2})" : "")}");
    }

    private static string Count(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
