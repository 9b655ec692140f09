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

    /// <summary>
    /// Creates the table; results of the same method share a row. Teacher calls are views that the teacher computed. If runs went on without an unavailable
    /// teacher, a column counts the views that lack its logits.
    /// </summary>
    public static ResultRows Format(IReadOnlyList<RunResult> results)
    {
        var hasIncomplete = results.Any(result => result.IncompleteViews > 0);
        return new(
            [s_headers[0], MeasureOf(results) + " %", .. s_headers[2..], .. hasIncomplete ? ["views without a teacher"] : Array.Empty<string>()],
            [.. results.GroupBy(result => result.Method).Select(group => Cells(group.Key, [.. group], hasIncomplete))]
        );
    }

    /// <summary>Names what counts as right in the results: the dataset's labels, or the teacher's choices.</summary>
    internal static string MeasureOf(IEnumerable<RunResult> results) => results.Any(result => result.IsAgreement) ? "agreement with teacher" : "test accuracy";

    /// <summary>Tells how many views lacked an unavailable teacher; null if none did.</summary>
    internal static string? DescribeIncomplete(IEnumerable<RunResult> results)
    {
        List<RunResult> incomplete = [.. results.Where(result => result.IncompleteViews > 0)];
        return incomplete.Count == 0
            ? null
            : "Views without an unavailable teacher (TeacherClient:WhenAway=GoOn): "
                + string.Join(", ", incomplete.Select(result => $"{result.Method}, seed {result.Seed}: {Count(result.IncompleteViews)}"))
                + ".";
    }

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

    private static string[] Cells(string method, RunResult[] results, bool hasIncomplete) =>
        [
            method,
            Accuracy([.. results.Select(result => result.TestAccuracy)]),
            results[0].LastCorrect is null ? "-" : Accuracy([.. results.Select(result => result.LastAccuracy ?? 0)]),
            StudySummary.IsTeacher(method) ? "-" : Count(results.Average(result => result.SamplesSeen)),
            Count(results.Average(result => result.TeacherComputed)),
            Count(results.Average(result => result.CacheHits)),
            results.Average(result => result.Seconds).ToString("F1", CultureInfo.InvariantCulture),
            .. hasIncomplete ? [Count(results.Average(result => result.IncompleteViews))] : Array.Empty<string>(),
        ];

    private static string Accuracy(IReadOnlyList<double> values)
    {
        var (mean, deviation) = Summarize(values);
        return string.Create(CultureInfo.InvariantCulture, $"{mean:F2}{(values.Count > 1 ? $" ({deviation:F2})" : "")}");
    }

    private static string Count(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
