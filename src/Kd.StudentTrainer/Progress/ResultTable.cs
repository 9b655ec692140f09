using System.Globalization;
using System.Text;
using Kd.StudentTrainer.Runs;

namespace Kd.StudentTrainer.Progress;

/// <summary>The table that compares teacher and methods.</summary>
internal static class ResultTable
{
    public static IReadOnlyList<string> Headers { get; } = ["method", "test accuracy %", "samples seen", "teacher calls", "cache hits", "wall time s"];

    /// <summary>A row's cells. Teacher calls are views that the teacher had to compute.</summary>
    public static IEnumerable<string> Cells(RunResult row) =>
    [
        row.Method,
        row.TestAccuracy.ToString("F2", CultureInfo.InvariantCulture),
        row.Method == "teacher" ? "-" : Count(row.SamplesSeen),
        Count(row.TeacherComputed),
        Count(row.CacheHits),
        row.Seconds.ToString("F1", CultureInfo.InvariantCulture),
    ];

    /// <summary>The table in Markdown.</summary>
    public static string ToMarkdown(IReadOnlyList<RunResult> rows)
    {
        var text = new StringBuilder();
        text.AppendLine($"| {string.Join(" | ", Headers)} |");
        text.AppendLine($"|{string.Join("|", Headers.Select((_, index) => index == 0 ? " --- " : " ---: "))}|");
        foreach (var row in rows)
            text.AppendLine($"| {string.Join(" | ", Cells(row))} |");
        return text.ToString();
    }

    private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
