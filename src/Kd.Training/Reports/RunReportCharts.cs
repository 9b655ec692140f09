using Kd.Training.Artifacts;
using Kd.Training.Evaluation;

namespace Kd.Training.Reports;

/// <summary>Draws the charts of a run's report.</summary>
internal static class RunReportCharts
{
    /// <summary>Draws all charts.</summary>
    /// <param name="epochs">The epochs of the run.</param>
    /// <param name="test">The best weights' result on the test images.</param>
    /// <param name="hasTeacher">Whether difficulty was measured.</param>
    public static IReadOnlyList<ReportChart> Draw(IReadOnlyList<EpochMetrics> epochs, EvaluationResult test, bool hasTeacher)
    {
        var charts = new List<ReportChart>
        {
            new("loss", SvgChart.Lines("Training loss", "epoch", Line("loss", epoch => epoch.Loss))),
            new("accuracy", SvgChart.Lines("Validation accuracy, %", "epoch", Line("accuracy", epoch => epoch.ValidationAccuracy))),
        };
        if (hasTeacher)
        {
            charts.Add(new("difficulty", SvgChart.Lines("Mean difficulty", "epoch", Line("difficulty", epoch => epoch.Difficulty))));
            charts.Add(new("difficulty-over-time", DifficultyOverTime(epochs)));
        }

        if (epochs.Any(epoch => epoch.Threshold is not null))
        {
            var (temperature, threshold) = (Line("temperature", epoch => epoch.Temperature), Line("threshold", epoch => epoch.Threshold));
            charts.Add(new("curriculum", SvgChart.Lines("Temperature and difficulty threshold", "epoch", temperature, threshold)));
            charts.Add(new("size", SvgChart.Lines("Size of the student's input, share of the view's", "epoch", Line("size", epoch => epoch.Size))));
            charts.Add(new("reward", SvgChart.Lines("Reward", "epoch", Line("reward", epoch => epoch.Reward))));
        }

        return [.. charts, new("confusion", Confusion(test)), new("calibration", Calibration(test))];

        (string, IReadOnlyList<(double, double)>) Line(string name, Func<EpochMetrics, double?> value) =>
            (name, [.. epochs.Select(epoch => (epoch.Epoch + 1.0, value(epoch) ?? double.NaN))]);
    }

    /// <summary>Draws the confusion matrix as shares of each class's images.</summary>
    public static string Confusion(EvaluationResult test) =>
        SvgChart.Heatmap("Confusion", "class of the image", "class that was chosen", [.. test.Confusion.Select(row => Shares(row))]);

    /// <summary>Draws accuracy by confidence.</summary>
    public static string Calibration(EvaluationResult test) =>
        SvgChart.Lines(
            FormattableString.Invariant($"Calibration (expected calibration error {test.CalibrationError:F3})"),
            "confidence",
            ("accuracy", [.. test.Calibration.Where(bin => bin.Images > 0).Select(bin => (bin.Confidence, bin.Accuracy))]),
            ("perfect", [(0, 0), (1, 1)])
        );

    // Each epoch is a column; the easiest tenth of the scale is at the bottom.
    private static string DifficultyOverTime(IReadOnlyList<EpochMetrics> epochs)
    {
        var histograms = epochs.Select(epoch => Shares(epoch.DifficultyHistogram ?? [])).ToList();
        var bins = histograms.Max(histogram => histogram.Count);
        return SvgChart.Heatmap("Difficulty over time", "difficulty, 1 above, 0 below", "epoch", [.. Enumerable.Range(0, bins).Select(Row)]);

        List<double> Row(int row) => histograms.ConvertAll(histogram => bins - 1 - row < histogram.Count ? histogram[bins - 1 - row] : 0);
    }

    private static List<double> Shares(IReadOnlyList<int> counts)
    {
        var sum = Math.Max(1, counts.Sum());
        return [.. counts.Select(count => (double)count / sum)];
    }
}
