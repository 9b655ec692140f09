using System.Globalization;
using System.Text;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Reports;

namespace Kd.Training.Studies;

/// <summary>Writes the report of a curriculum study: study.md with its charts.</summary>
/// <remarks>Accuracies are those of the last epoch on the test images, so that an arm with more epochs does not profit from choosing among them.</remarks>
/// <param name="study">Finished rows.</param>
/// <param name="arms">The arms, kd first.</param>
internal sealed class CurriculumReport(Study study, IReadOnlyList<StudyArm> arms)
{
    /// <summary>Largest loss of accuracy that counts as none, points.</summary>
    public const double Margin = 1;

    private static readonly string[] s_headers =
    [
        "arm",
        "accuracy %",
        "difference to kd (95%)",
        "p",
        "KL to the teacher",
        "updates",
        "samples seen",
        "teacher calls",
        "wall time s",
    ];
    private readonly List<ArmRows> _rows =
    [
        .. arms.Select(arm => new ArmRows(arm.Name, [.. study.Rows.Where(row => row.Method == arm.Name).OrderBy(row => row.Seed)])),
    ];

    private ArmRows Kd => _rows[0];

    private bool HasPairs => Kd.Rows.Count > 1;

    /// <summary>Creates the table of the study.</summary>
    public ResultRows Table() => new(s_headers, [.. _rows.Select(Cells)]);

    /// <summary>Writes the report into a study's folder.</summary>
    public void Write(RunFolder folder)
    {
        if (HasPairs)
            folder.WriteText(
                "curriculum-differences.svg",
                SvgChart.Intervals(
                    "Difference to kd, points, 95% interval",
                    [
                        .. _rows
                            .Skip(1)
                            .Select(arm => (arm.Name, Against(arm, Kd)))
                            .Select(arm => (arm.Name, arm.Item2.Difference, arm.Item2.Low, arm.Item2.High)),
                    ]
                )
            );
        var curves = arms.Select(arm => (arm.Name, Metrics(arm))).Where(arm => arm.Item2.Count > 0).ToList();
        folder.WriteText(
            "curriculum-accuracy.svg",
            SvgChart.Lines("Validation accuracy, %, mean of the seeds", "seconds", [.. curves.Select(arm => (arm.Name, Accuracy(arm.Item2)))])
        );
        folder.WriteText(
            "curriculum-sizes.svg",
            SvgChart.Lines(
                "Size of the student's input, share of the view's, mean of the seeds",
                "epoch",
                [.. curves.Where(arm => arm.Item2[0].Any(epoch => epoch.Size is not null)).Select(arm => (arm.Name, Sizes(arm.Item2)))]
            )
        );
        folder.WriteText(RunFolder.TableFile, Markdown());
    }

    /// <summary>Formats the findings: the three primary hypotheses, corrected for their number, and what else was asked.</summary>
    internal IEnumerable<string> Findings()
    {
        if (!HasPairs)
            yield break;
        (string Text, PairedComparison Test)[] primary =
        [
            ("H1, the best recipe beats the reference's manner at equal updates", Against(Kd, Find(CurriculumArms.Reference))),
            ("H2, the resolution curriculum beats kd at equal compute", Against(Find(CurriculumArms.Resolution), Kd)),
            ("H3, the agent beats random actions", Against(Find(CurriculumArms.Agent), Find(CurriculumArms.Random))),
        ];
        var corrected = PairedComparison.Holm([.. primary.Select(hypothesis => hypothesis.Test.Probability)]);
        foreach (var ((text, test), probability) in primary.Zip(corrected))
            yield return Line($"{text}: {Format(test)} points, p {test.Probability:G2}, corrected {probability:G2}.");
        yield return Compare("The resolution curriculum is not below kd", Find(CurriculumArms.Resolution), Kd);
        yield return Compare("The agent is not below the fixed schedule", Find(CurriculumArms.Agent), Find(CurriculumArms.Resolution));
        var (third, reference) = (Find(CurriculumArms.Third), Find(CurriculumArms.Reference));
        yield return Compare("A third of the budget is not below the reference's manner", third, reference)
            + Line($" It takes {100 * third.Seconds / reference.Seconds:F0}% of its wall time.");
    }

    private string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine(Line($"# Curriculum study {study.Id}\n\n{study.Dataset.Description}\n"));
        text.AppendLine(ResultTable.ToMarkdown(Table()));
        if (ResultTable.DescribeIncomplete(study.Rows) is { } incomplete)
            text.AppendLine(incomplete + "\n");
        foreach (var sentence in Findings())
            text.AppendLine($"- {sentence}");
        text.AppendLine("\n![differences](curriculum-differences.svg)\n![accuracy](curriculum-accuracy.svg)\n![sizes](curriculum-sizes.svg)");
        return text.ToString();
    }

    private static string Compare(string text, ArmRows arm, ArmRows other)
    {
        var test = Against(arm, other);
        return Line($"{text} by more than {Margin} point: {Format(test)} points, p {test.NotBelow(Margin):G2}; equivalent within {Margin} point: ")
            + Line($"p {test.Equivalence(Margin):G2} (TOST).");
    }

    private string[] Cells(ArmRows arm)
    {
        var (mean, deviation) = ResultTable.Summarize(arm.Accuracy);
        var test = HasPairs && arm != Kd ? Against(arm, Kd) : null;
        return
        [
            arm.Name,
            Line($"{mean:F2} ({deviation:F2})"),
            test is null ? "" : Format(test),
            test is null ? "" : Line($"{test.Probability:G2}"),
            arm.Rows.All(row => row.Divergence is not null) ? Line($"{arm.Rows.Average(row => row.Divergence):F3}") : "-",
            Line($"{arm.Rows.Average(row => row.Updates):N0}"),
            Line($"{arm.Rows.Average(row => row.SamplesSeen):N0}"),
            Line($"{arm.Rows.Average(row => row.TeacherViews):N0}"),
            Line($"{arm.Seconds:F1}"),
        ];
    }

    private ArmRows Find(string name) => _rows.First(arm => arm.Name == name);

    private static PairedComparison Against(ArmRows arm, ArmRows other) => PairedComparison.Of(arm.Accuracy, other.Accuracy);

    private static IReadOnlyList<(double X, double Y)> Accuracy(List<IReadOnlyList<EpochMetrics>> runs) =>
        Curve(runs, (run, epoch) => run.Take(epoch + 1).Sum(line => line.Seconds), line => line.ValidationAccuracy);

    private static IReadOnlyList<(double X, double Y)> Sizes(List<IReadOnlyList<EpochMetrics>> runs) =>
        Curve(runs, (_, epoch) => epoch + 1, line => line.Size ?? 1);

    private static List<(double X, double Y)> Curve(
        List<IReadOnlyList<EpochMetrics>> runs,
        Func<IReadOnlyList<EpochMetrics>, int, double> horizontal,
        Func<EpochMetrics, double> value
    ) =>
        [
            .. Enumerable
                .Range(0, runs.Min(run => run.Count))
                .Select(epoch => (runs.Average(run => horizontal(run, epoch)), runs.Average(run => value(run[epoch])))),
        ];

    // A study that was continued elsewhere has only the rows of some runs.
    private List<IReadOnlyList<EpochMetrics>> Metrics(StudyArm arm) =>
        [.. study.Rows.Where(row => row.Method == arm.Name).Select(row => study.FolderOf(arm, row.Seed).ReadMetrics()).Where(run => run.Count > 0)];

    private static string Format(PairedComparison test) => Line($"{test.Difference:+0.00;-0.00} ({test.Low:+0.00;-0.00} to {test.High:+0.00;-0.00})");

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record ArmRows(string Name, IReadOnlyList<RunResult> Rows)
    {
        public IReadOnlyList<double> Accuracy { get; } = [.. Rows.Select(row => row.LastAccuracy ?? 0)];

        public double Seconds => Rows.Average(row => row.Seconds);
    }
}
