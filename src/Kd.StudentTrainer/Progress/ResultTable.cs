using System.Globalization;
using System.Text;
using Kd.StudentTrainer.Runs;

namespace Kd.StudentTrainer.Progress;

/// <summary>The table that compares teacher and methods. With several seeds a cell is the mean, and an accuracy has its standard deviation behind it.</summary>
internal static class ResultTable
{
    public static IReadOnlyList<string> Headers { get; } =
    ["method", "test accuracy %", "last epoch %", "samples seen", "teacher calls", "cache hits", "wall time s"];

    /// <summary>The cells of all rows; those of one method are one row. Teacher calls are views that the teacher had to compute.</summary>
    public static IEnumerable<string[]> Rows(IReadOnlyList<RunResult> results) =>
        results.GroupBy(result => result.Method).Select(group => Cells(group.Key, [.. group]));

    /// <summary>The table in Markdown.</summary>
    public static string ToMarkdown(IReadOnlyList<RunResult> results)
    {
        var text = new StringBuilder();
        text.AppendLine($"| {string.Join(" | ", Headers)} |");
        text.AppendLine($"|{string.Join("|", Headers.Select((_, index) => index == 0 ? " --- " : " ---: "))}|");
        foreach (var cells in Rows(results))
            text.AppendLine($"| {string.Join(" | ", cells)} |");
        return text.ToString();
    }

    /// <summary>Mean, and the standard deviation of a sample (n - 1); 0 for one value.</summary>
    internal static (double Mean, double Deviation) Summarize(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        return (mean, values.Count < 2 ? 0 : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1)));
    }

    private static string[] Cells(string method, RunResult[] results) =>
        [
            method,
            Accuracy([.. results.Select(result => result.TestAccuracy)]),
            results[0].LastCorrect is null ? "-" : Accuracy([.. results.Select(result => result.LastAccuracy ?? 0)]),
            method == "teacher" ? "-" : Count(results.Average(result => result.SamplesSeen)),
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
