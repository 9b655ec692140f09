using System.Globalization;
using System.Text;
using Kd.Protocol.Curriculum.V1;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Reports;

namespace Kd.Training.Studies;

/// <summary>Writes the report of a curriculum study: study.md with its charts.</summary>
/// <remarks>Accuracies are those of the last epoch on the test images, so that an arm with more epochs does not profit from choosing among them.</remarks>
/// <param name="study">Finished rows.</param>
/// <param name="equal">Arms at equal updates, kd first.</param>
/// <param name="shorter">Arms with fewer samples.</param>
/// <param name="bestThreshold">The best threshold of the sweep.</param>
/// <param name="policy">The agent's account of the training of the policy of ppo-warm.</param>
internal sealed class CurriculumReport(
    Study study,
    IReadOnlyList<StudyArm> equal,
    IReadOnlyList<StudyArm> shorter,
    double bestThreshold,
    LearnPolicyReply policy
)
{
    private const double Margin = 1,
        SignificanceLevel = 0.05,
        FewerSamples = 0.7;
    private static readonly string[] s_headers =
    [
        "arm",
        "accuracy %",
        "difference to kd (95%)",
        "p (Holm)",
        "updates",
        "samples seen",
        "measured again",
        "teacher calls",
        "wall time s",
    ];
    private readonly List<ArmResult> _arms = Compare(study, [.. equal, .. shorter]);

    private ArmResult Kd => _arms[0];

    /// <summary>Creates the table of the study.</summary>
    public ResultRows Table() => new(s_headers, [.. _arms.Select(arm => arm.Cells())]);

    /// <summary>Writes the report into a study's folder.</summary>
    public void Write(RunFolder folder)
    {
        folder.WriteText(
            "curriculum-differences.svg",
            SvgChart.Intervals(
                "Difference to kd, points, 95% interval",
                [.. _arms.Skip(1).Select(arm => (arm.Name, arm.Test!.Difference, arm.Test.Low, arm.Test.High))]
            )
        );
        var curves = equal
            .Where(arm => arm.Name is "kd" or "random-action" or "infobatch" or "ppo" or "ppo-warm")
            .Select(arm => (arm.Name, Curve(arm)))
            .ToArray();
        folder.WriteText("curriculum-accuracy.svg", SvgChart.Lines("Validation accuracy, %, mean of the seeds", "samples seen", curves));
        var thresholds = equal
            .Where(arm => arm.Name is "random-action" or "bandit" or "ppo" or "ppo-warm")
            .Select(arm => (arm.Name, Thresholds(arm)))
            .ToArray();
        folder.WriteText("curriculum-thresholds.svg", SvgChart.Lines("Difficulty threshold, mean of the seeds", "epoch", thresholds));
        folder.WriteText(RunFolder.TableFile, Markdown());
    }

    private string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine(Line($"# Curriculum study {study.Id}\n\n{study.Dataset.Description}\n"));
        text.AppendLine(ResultTable.ToMarkdown(Table()));
        foreach (var sentence in Findings())
            text.AppendLine($"- {sentence}");
        text.AppendLine("\n![differences](curriculum-differences.svg)\n![accuracy](curriculum-accuracy.svg)\n![thresholds](curriculum-thresholds.svg)");
        return text.ToString();
    }

    /// <summary>Formats the findings on the goals (a) to (d), and the cost of sweep and simulator.</summary>
    internal IEnumerable<string> Findings()
    {
        var compared = _arms.Skip(1).Where(arm => equal.Any(other => other.Name == arm.Name)).ToList();
        var losers = compared.Where(arm => arm.Corrected < SignificanceLevel && arm.Test!.Difference < 0).Select(arm => arm.Name).ToList();
        yield return losers.Count == 0
            ? "(a) No arm at equal updates loses to kd beyond noise."
            : $"(a) These arms lose to kd at equal updates: {string.Join(", ", losers)}.";
        var cheap = _arms.Skip(1).Where(arm => arm.Samples <= FewerSamples * Kd.Samples && arm.Test!.Low > -Margin).Select(arm => arm.Name).ToList();
        yield return cheap.Count == 0
            ? Line($"(b) No arm with at least 30% fewer samples is within {Margin} point of kd with 95% confidence.")
            : Line($"(b) With at least 30% fewer samples these are within {Margin} point of kd with 95% confidence: {string.Join(", ", cheap)}.");
        var winners = _arms.Skip(1).Where(arm => arm.Corrected < SignificanceLevel && arm.Test!.Difference > 0).Select(arm => arm.Name).ToList();
        yield return winners.Count == 0 ? "(c) No arm beats kd significantly." : $"(c) These arms beat kd significantly: {string.Join(", ", winners)}.";
        foreach (var other in new[] { "random-action", "fixed-best" })
        {
            var test = PairedComparison.Of(Find("ppo").Accuracy, Find(other).Accuracy);
            yield return Line(
                $"(d) ppo minus {other}: {test.Difference:+0.00;-0.00} ({test.Low:+0.00;-0.00} to {test.High:+0.00;-0.00}), p {test.Probability:F3}."
            );
        }

        var sweep = study.Rows.Where(row => row.Method.StartsWith("sweep-", StringComparison.Ordinal)).ToList();
        var explored = study.Rows.Where(row => row.Method == "explore").ToList();
        var accuracies = string.Join(", ", sweep.Select(row => Line($"{row.Method[6..]}: {row.ValidationAccuracy:F2}%")));
        yield return Line($"The sweep found the threshold {bestThreshold} ({accuracies} on validation images); it cost {Cost(sweep)}, ")
            + $"the exploring runs of ppo-warm {Cost(explored)}.";
        yield return DescribeSimulator();
    }

    private string DescribeSimulator() =>
        Line($"The simulator was fitted to {policy.FittedEpochs} epochs. On held-out runs its accuracy was off by {policy.StepError:F2} points one epoch ")
        + Line($"ahead and by {policy.FinalError:F2} at the end of a run (root mean square; always predicting the mean of the fitted runs: ")
        + Line($"{policy.MeanStepError:F2} and {policy.MeanFinalError:F2}). In the simulator the policy of ppo-warm, learned in {policy.Seconds:F1} s, ")
        + Line($"ends at {policy.LearntAccuracy:F2}%, random actions at {policy.RandomAccuracy:F2}%.");

    private static string Cost(IReadOnlyList<RunResult> rows) => Line($"{rows.Sum(row => row.Updates):N0} updates and {rows.Sum(row => row.Seconds):F0} s");

    private ArmResult Find(string name) => _arms.First(arm => arm.Name == name);

    private IReadOnlyList<(double X, double Y)> Curve(StudyArm arm)
    {
        var runs = Metrics(arm);
        return
        [
            .. Enumerable
                .Range(0, runs.Min(run => run.Count))
                .Select(epoch =>
                    (runs.Average(run => (double)run.Take(epoch + 1).Sum(line => line.Samples)), runs.Average(run => run[epoch].ValidationAccuracy))
                ),
        ];
    }

    private IReadOnlyList<(double X, double Y)> Thresholds(StudyArm arm)
    {
        var runs = Metrics(arm);
        return [.. Enumerable.Range(0, runs.Min(run => run.Count)).Select(epoch => (epoch + 1.0, runs.Average(run => run[epoch].Threshold ?? 0)))];
    }

    private List<IReadOnlyList<EpochMetrics>> Metrics(StudyArm arm) =>
        [.. study.Rows.Where(row => row.Method == arm.Name).Select(row => study.FolderOf(arm, row.Seed).ReadMetrics())];

    private static List<ArmResult> Compare(Study study, IReadOnlyList<StudyArm> arms)
    {
        var byArm = arms.Select(arm => (arm.Name, Rows: study.Rows.Where(row => row.Method == arm.Name).OrderBy(row => row.Seed).ToList())).ToList();
        var baseline = Accuracy(byArm[0].Rows);
        var tests = byArm.Skip(1).Select(arm => PairedComparison.Of(Accuracy(arm.Rows), baseline)).ToList();
        var corrected = PairedComparison.Holm([.. tests.Select(test => test.Probability)]);
        return
        [
            .. byArm.Select(
                (arm, i) =>
                    new ArmResult(arm.Name, arm.Rows, Accuracy(arm.Rows), i == 0 ? null : tests[i - 1], i == 0 ? 1 : corrected[i - 1], Refreshed(arms[i]))
            ),
        ];

        double Refreshed(StudyArm arm) =>
            study.Rows.Where(row => row.Method == arm.Name).Average(row => study.FolderOf(arm, row.Seed).ReadMetrics().Sum(line => (double)line.Refreshed));

        static List<double> Accuracy(IEnumerable<RunResult> rows) => [.. rows.Select(row => row.LastAccuracy ?? 0)];
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record ArmResult(
        string Name,
        IReadOnlyList<RunResult> Rows,
        IReadOnlyList<double> Accuracy,
        PairedComparison? Test,
        double Corrected,
        double Refreshed
    )
    {
        public double Samples => Rows.Average(row => row.SamplesSeen);

        public string[] Cells()
        {
            var (mean, deviation) = ResultTable.Summarize(Accuracy);
            return
            [
                Name,
                Line($"{mean:F2} ({deviation:F2})"),
                Test is null ? "" : Line($"{Test.Difference:+0.00;-0.00} ({Test.Low:+0.00;-0.00} to {Test.High:+0.00;-0.00})"),
                Test is null ? "" : Line($"{Test.Probability:F3} ({Corrected:F3})"),
                Line($"{Rows.Average(row => row.Updates):N0}"),
                Line($"{Samples:N0}"),
                Line($"{Refreshed:N0}"),
                Line($"{Rows.Average(row => row.TeacherViews):N0}"),
                Line($"{Rows.Average(row => row.Seconds):F1}"),
            ];
        }
    }
}
