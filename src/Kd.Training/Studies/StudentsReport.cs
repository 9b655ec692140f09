using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Reports;
using Kd.Training.Students;
using Kd.Vision.Views;

namespace Kd.Training.Studies;

/// <summary>Writes the report of a study of students: study.md with accuracy over size and over time.</summary>
/// <remarks>Times are those of student.onnx in ONNX Runtime with one thread and one picture at a time, measured alternately when all runs have ended.</remarks>
internal sealed class StudentsReport
{
    private const int Rounds = 40;
    private static readonly string[] s_headers =
    [
        "student",
        "test accuracy %",
        "last epoch %",
        "student.onnx MB",
        "ms a picture",
        "teacher calls",
        "wall time s",
    ];
    private readonly Study _study;
    private readonly List<Entry> _entries;

    /// <summary>Measures the students.</summary>
    /// <param name="study">Finished rows.</param>
    /// <param name="arms">The students.</param>
    public StudentsReport(Study study, IReadOnlyList<StudyArm> arms)
    {
        _study = study;
        var students = arms.Select(arm => (arm.Name, Rows: RowsOf(arm.Name), File: study.FolderOf(arm, RowsOf(arm.Name)[0].Seed).OnnxPath)).ToList();
        // A folder may have been cleared, or be on another machine.
        var files = students.Select(student => student.File).Where(File.Exists).ToList();
        var times = files.Zip(MeasureMilliseconds(files)).ToDictionary();
        _entries =
        [
            .. students.Select(student =>
                times.TryGetValue(student.File, out var time)
                    ? new Entry(student.Name, student.Rows, new FileInfo(student.File).Length / 1e6, time)
                    : new Entry(student.Name, student.Rows, null, null)
            ),
        ];

        List<RunResult> RowsOf(string name) => [.. study.Rows.Where(row => row.Method == name).OrderBy(row => row.Seed)];
    }

    /// <summary>Creates the table of the study.</summary>
    public ResultRows Table() =>
        new(
            [s_headers[0], ResultTable.MeasureOf(_study.Rows) + " %", .. s_headers[2..]],
            [.. _study.Rows.Where(row => StudySummary.IsTeacher(row.Method)).Select(TeacherCells), .. _entries.Select(Cells)]
        );

    /// <summary>Writes the report into a study's folder.</summary>
    public void Write(RunFolder folder)
    {
        folder.WriteText("students-size.svg", Chart("student.onnx, MB", entry => entry.Megabytes));
        folder.WriteText("students-time.svg", Chart("ms a picture, one thread", entry => entry.Milliseconds));
        var text = new StringBuilder();
        text.AppendLine(Line($"# Study of students {_study.Id}\n\n{_study.Dataset.Description}\n"));
        text.AppendLine(ResultTable.ToMarkdown(Table()));
        if (ResultTable.DescribeIncomplete(_study.Rows) is { } incomplete)
            text.AppendLine(incomplete + "\n");
        text.AppendLine("ms a picture: student.onnx in ONNX Runtime, one thread, one picture at a time, median of alternate calls on this machine.\n");
        text.AppendLine("![size](students-size.svg)\n![time](students-time.svg)");
        folder.WriteText(RunFolder.TableFile, text.ToString());
    }

    private static List<double> MeasureMilliseconds(List<string> files)
    {
        var students = files.ConvertAll(OnnxStudent.Open);
        try
        {
            var pictures = students.ConvertAll(student => new byte[ViewRenderer.ByteCount(student.Views.Size)]);
            var times = students.ConvertAll(_ => new List<double>());
            for (var round = 0; round < Rounds; round++)
            {
                for (var i = 0; i < students.Count; i++)
                {
                    var started = Stopwatch.GetTimestamp();
                    students[i].Predict(pictures[i]);
                    times[i].Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                }
            }

            return times.ConvertAll(student => student.Order().ElementAt(Rounds / 2));
        }
        finally
        {
            students.ForEach(student => student.Dispose());
        }
    }

    private string Chart(string horizontal, Func<Entry, double?> value) =>
        SvgChart.Points(
            $"{ResultTable.MeasureOf(_study.Rows)}, %, mean of the seeds",
            horizontal,
            [.. _entries.Where(entry => value(entry) is not null).Select(entry => (entry.Name, value(entry)!.Value, entry.Accuracy.Average()))]
        );

    private static string[] TeacherCells(RunResult teacher) =>
        [teacher.Method, Line($"{teacher.TestAccuracy:F2}"), "-", "-", "-", Line($"{teacher.TeacherComputed:N0}"), Line($"{teacher.Seconds:F1}")];

    private static string[] Cells(Entry entry) =>
        [
            entry.Name,
            Accuracy(entry.Accuracy),
            Accuracy([.. entry.Rows.Select(row => row.LastAccuracy ?? 0)]),
            entry.Megabytes is null ? "-" : Line($"{entry.Megabytes:F2}"),
            entry.Milliseconds is null ? "-" : Line($"{entry.Milliseconds:F2}"),
            Line($"{entry.Rows.Average(row => row.TeacherComputed):N0}"),
            Line($"{entry.Rows.Average(row => row.Seconds):F1}"),
        ];

    private static string Accuracy(IReadOnlyList<double> values)
    {
        var (mean, deviation) = ResultTable.Summarize(values);
        return Line($"{mean:F2}") + (values.Count > 1 ? Line($" ({deviation:F2})") : "");
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // Size and time are null without a student.onnx.
    private sealed record Entry(string Name, IReadOnlyList<RunResult> Rows, double? Megabytes, double? Milliseconds)
    {
        public IReadOnlyList<double> Accuracy { get; } = [.. Rows.Select(row => row.TestAccuracy)];
    }
}
