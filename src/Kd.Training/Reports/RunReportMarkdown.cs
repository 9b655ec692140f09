using System.Globalization;
using System.Text;

namespace Kd.Training.Reports;

/// <summary>Formats the report of a run as Markdown.</summary>
internal static class RunReportMarkdown
{
    /// <summary>Formats a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="charts">Names of the charts, which are files in the folder report.</param>
    public static string Format(RunReport report, IEnumerable<string> charts)
    {
        var text = new StringBuilder($"# {report.Id}: {report.Result.Method}\n\n{Escape(report.Dataset.Description)}\n\n| | |\n| --- | ---: |\n");
        foreach (var (name, value) in report.Facts())
            text.Append($"| {name} | {value} |\n");
        text.Append('\n');
        foreach (var chart in charts)
            text.Append($"![{chart}](report/{chart}.svg)\n");
        text.Append("\n| class | classified as | images |\n| --- | --- | ---: |\n");
        foreach (var confusion in report.Test.FindConfusions())
            text.Append(CultureInfo.InvariantCulture, $"| {Escape(confusion.Class)} | {Escape(confusion.Chosen)} | {confusion.Images} |\n");
        return text.ToString();
    }

    /// <summary>Escapes a name, which may be any text: it must not add cells or pictures.</summary>
    internal static string Escape(string text) =>
        string.Concat(
            text.Select(letter =>
                char.IsControl(letter) ? " "
                : "\\|[]()!<>*_`#".Contains(letter, StringComparison.Ordinal) ? $"\\{letter}"
                : $"{letter}"
            )
        );
}
