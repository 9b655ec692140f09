using System.Globalization;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Curriculum;
using Kd.Training.Evaluation;
using Kd.Vision.Datasets;

namespace Kd.Training.Reports;

/// <summary>The report of a finished run: report.html, which is self-contained, and report.md with its charts in the folder report.</summary>
public sealed record RunReport
{
    private const int MaxPictures = 8;

    /// <summary>Name of the run.</summary>
    public required string Id { get; init; }

    /// <summary>The images.</summary>
    public required ImageDataset Dataset { get; init; }

    /// <summary>Description of the student.</summary>
    public required string Student { get; init; }

    /// <summary>Architecture of the teacher; null without one.</summary>
    public required string? Teacher { get; init; }

    /// <summary>The run's row of the result table.</summary>
    public required RunResult Result { get; init; }

    /// <summary>All epochs.</summary>
    public required IReadOnlyList<EpochMetrics> Epochs { get; init; }

    /// <summary>The best weights' result on the test images.</summary>
    public required EvaluationResult Test { get; init; }

    /// <summary>Difficulty of each training sample.</summary>
    public required SampleDifficulty Difficulty { get; init; }

    /// <summary>Writes both files.</summary>
    public void Write(RunFolder folder)
    {
        var charts = RunReportCharts.Draw(Epochs, Test, Teacher is not null);
        folder.WriteText(
            "report.html",
            ReportRenderer.Render<RunReportPage>(new() { [nameof(RunReportPage.Report)] = this, [nameof(RunReportPage.Charts)] = charts })
        );
        var pictures = folder.OpenSubfolder("report");
        foreach (var (name, chart) in charts)
            pictures.WriteText($"{name}.svg", chart);
        folder.WriteText("report.md", RunReportMarkdown.Format(this, charts.Select(chart => chart.Name)));
    }

    /// <summary>Lists the main figures of the run by name.</summary>
    public IEnumerable<(string Name, string Value)> Facts()
    {
        var (low, high) = Test.Interval;
        var measure = ResultTable.MeasureOf([Result]);
        yield return (
            $"{measure}, best epoch",
            Invariant($"{Result.TestAccuracy:F2}% (95% interval {low:F2} to {high:F2}; {Result.Correct} of {Result.TestImages}, epoch {Result.BestEpoch + 1})")
        );
        yield return ($"{measure}, last epoch", Invariant($"{Result.LastAccuracy:F2}%"));
        yield return ("top-5", Invariant($"{100.0 * Test.TopFive / Test.Images:F2}%"));
        yield return ("samples seen", Result.SamplesSeen.ToString("N0", CultureInfo.InvariantCulture));
        if (Teacher is not null)
            yield return ("teacher", Invariant($"{Teacher}; computed {Result.TeacherComputed:N0} views, {Result.CacheHits:N0} came from the cache"));
        if (Result.IncompleteViews > 0)
            yield return ("views without a teacher", Invariant($"{Result.IncompleteViews:N0}, while it was unavailable (TeacherClient:WhenAway=GoOn)"));
        yield return ("wall time", ProgressBar.FormatTime(TimeSpan.FromSeconds(Result.Seconds)));
        yield return ("student", Student);
        yield return ("seed", Result.Seed.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Gets the hardest training samples, hardest first.</summary>
    public IEnumerable<SamplePicture> Hardest() => Pictures(ByDifficulty().Reverse());

    /// <summary>Gets the easiest training samples, easiest first.</summary>
    public IEnumerable<SamplePicture> Easiest() => Pictures(ByDifficulty());

    // Measured samples only.
    private IEnumerable<int> ByDifficulty()
    {
        var (values, measured) = Difficulty.Capture();
        return Enumerable.Range(0, values.Length).Where(sample => measured[sample] >= 0).OrderBy(sample => values[sample]).ThenBy(sample => sample);
    }

    private IEnumerable<SamplePicture> Pictures(IEnumerable<int> samples)
    {
        var (values, train) = (Difficulty.Capture().Values, Dataset.Train);
        return samples
            .Take(MaxPictures)
            .Select(sample => new SamplePicture(Dataset.ClassOf(sample), values[sample], Thumbnail.ToDataUri(train.Get(sample).Image)));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A training sample of the report.</summary>
/// <param name="Class">Name of its class.</param>
/// <param name="Difficulty">0 to 1.</param>
/// <param name="Picture">The picture as a data URI.</param>
public sealed record SamplePicture(string Class, float Difficulty, string Picture);
