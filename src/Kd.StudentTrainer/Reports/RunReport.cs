using System.Globalization;
using System.Net;
using System.Text;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Progress;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Reports;

/// <summary>The report of a finished run: report.html with everything inside, and report.md with its charts beside it.</summary>
/// <param name="context">Dataset and settings.</param>
/// <param name="result">The run's row.</param>
/// <param name="epochs">Its epochs.</param>
/// <param name="test">The test of its best weights.</param>
/// <param name="difficulty">Each training sample's difficulty.</param>
internal sealed class RunReport(RunContext context, RunResult result, IReadOnlyList<EpochMetrics> epochs, EvaluationResult test, SampleDifficulty difficulty)
{
    private const int Pictures = 8;
    private const int MostConfusions = 10;

    /// <summary>Writes both files.</summary>
    public void Write(RunFolder folder)
    {
        var charts = Charts().ToList();
        folder.WriteText("report.html", Html(charts));
        var pictures = folder.Sub("report");
        foreach (var (name, chart) in charts)
            pictures.WriteText($"{name}.svg", chart);
        folder.WriteText("report.md", Markdown(charts));
    }

    private bool HasTeacher => Methods.UsesTeacher(result.Method);

    private IEnumerable<(string Name, string Svg)> Charts()
    {
        yield return ("loss", SvgChart.Lines("Training loss", "epoch", ("loss", Points(epoch => epoch.Loss))));
        yield return ("accuracy", SvgChart.Lines("Validation accuracy, %", "epoch", ("accuracy", Points(epoch => epoch.ValidationAccuracy))));
        if (HasTeacher)
        {
            yield return ("difficulty", SvgChart.Lines("Mean difficulty", "epoch", ("difficulty", Points(epoch => epoch.Difficulty))));
            yield return ("difficulty-over-time", DifficultyOverTime());
        }

        if (epochs.Any(epoch => epoch.Threshold is not null))
        {
            yield return (
                "curriculum",
                SvgChart.Lines(
                    "Temperature and difficulty threshold",
                    "epoch",
                    ("temperature", Points(epoch => epoch.Temperature)),
                    ("threshold", Points(epoch => epoch.Threshold))
                )
            );
            yield return ("reward", SvgChart.Lines("Reward", "epoch", ("reward", Points(epoch => epoch.Reward))));
        }

        yield return ("confusion", SvgChart.Shades("Confusion", "class of the image", "class that was chosen", [.. test.Confusion.Select(row => Shares(row))]));
        var bins = test.Calibration.Where(bin => bin.Images > 0).ToList();
        yield return (
            "calibration",
            SvgChart.Lines(
                Invariant($"Calibration (expected calibration error {test.CalibrationError:F3})"),
                "confidence",
                ("accuracy", [.. bins.Select(bin => (bin.Confidence, bin.Accuracy))]),
                ("perfect", [(0, 0), (1, 1)])
            )
        );
    }

    // Each epoch is a column; the easiest tenth of the scale is below.
    private string DifficultyOverTime()
    {
        var histograms = epochs.Select(epoch => Shares(epoch.DifficultyHistogram ?? [])).ToList();
        var bins = histograms.Max(histogram => histogram.Count);
        return SvgChart.Shades(
            "Difficulty over time",
            "difficulty, 1 above, 0 below",
            "epoch",
            [.. Enumerable.Range(0, bins).Select(row => histograms.ConvertAll(histogram => bins - 1 - row < histogram.Count ? histogram[bins - 1 - row] : 0))]
        );
    }

    private string Html(List<(string Name, string Svg)> charts)
    {
        var text = new StringBuilder();
        text.Append("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        text.Append(
            Invariant(
                $"<title>{Encode(context.Id)} {result.Method}</title><style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:84rem;padding:0 1rem;color-scheme:light dark}}"
            )
        );
        text.Append(
            "table{border-collapse:collapse}td,th{border:1px solid #8886;padding:.2rem .6rem;text-align:right}td:first-child,th:first-child{text-align:left}.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:1rem}svg{width:100%;height:auto}figure{margin:0}"
        );
        text.Append(
            ".pictures{display:flex;flex-wrap:wrap;gap:.8rem}.pictures img{width:96px;height:96px;object-fit:contain;image-rendering:auto}.pictures figcaption{font-size:12px;max-width:96px;overflow-wrap:anywhere}</style></head><body>"
        );
        text.Append(Invariant($"<h1>{Encode(context.Id)}: {result.Method}</h1><p>{Encode(context.Dataset.Description)}</p><table><tbody>"));
        foreach (var (name, value) in Facts())
            text.Append(Invariant($"<tr><td>{Encode(name)}</td><td>{Encode(value)}</td></tr>"));
        text.Append("</tbody></table><h2>Curves</h2><div class=\"charts\">");
        foreach (var (_, svg) in charts)
            text.Append(Invariant($"<figure>{svg}</figure>"));
        text.Append("</div>");
        if (HasTeacher)
        {
            AppendPictures(text, "Hardest training samples", Order().Reverse());
            AppendPictures(text, "Easiest training samples", Order());
        }

        text.Append("<h2>Classes</h2><table><thead><tr><th>class</th><th>accuracy %</th><th>images</th></tr></thead><tbody>");
        foreach (var (index, name) in test.Classes.Index())
            text.Append(Invariant($"<tr><td>{Encode(name)}</td><td>{test.ClassAccuracy[index]:F1}</td><td>{test.Confusion[index].Sum()}</td></tr>"));
        text.Append("</tbody></table><h2>Most frequent confusions</h2><table><thead><tr><th>class</th><th>taken for</th><th>images</th></tr></thead><tbody>");
        foreach (var (from, to, images) in Confusions())
            text.Append(Invariant($"<tr><td>{Encode(from)}</td><td>{Encode(to)}</td><td>{images}</td></tr>"));
        return text.Append("</tbody></table></body></html>\n").ToString();
    }

    private string Markdown(List<(string Name, string Svg)> charts)
    {
        var text = new StringBuilder(Invariant($"# {context.Id}: {result.Method}\n\n{context.Dataset.Description}\n\n| | |\n| --- | ---: |\n"));
        foreach (var (name, value) in Facts())
            text.Append(Invariant($"| {name} | {value} |\n"));
        text.Append('\n');
        foreach (var (name, _) in charts)
            text.Append(Invariant($"![{name}](report/{name}.svg)\n"));
        text.Append("\n| class | taken for | images |\n| --- | --- | ---: |\n");
        foreach (var (from, to, images) in Confusions())
            text.Append(Invariant($"| {from} | {to} | {images} |\n"));
        return text.ToString();
    }

    private IEnumerable<(string, string)> Facts()
    {
        var (low, high) = test.Interval;
        yield return (
            "test accuracy, best epoch",
            Invariant($"{result.TestAccuracy:F2}% (95% interval {low:F2} to {high:F2}; {result.Correct} of {result.TestImages}, epoch {result.BestEpoch + 1})")
        );
        yield return ("test accuracy, last epoch", Invariant($"{result.LastAccuracy:F2}%"));
        yield return ("top-5", Invariant($"{100.0 * test.TopFive / test.Images:F2}%"));
        yield return ("samples seen", result.SamplesSeen.ToString("N0", CultureInfo.InvariantCulture));
        if (HasTeacher)
            yield return (
                "teacher",
                Invariant($"{context.TeacherDescription?.Architecture}; computed {result.TeacherComputed:N0} views, {result.CacheHits:N0} came from the cache")
            );
        yield return ("wall time", ProgressBar.FormatTime(TimeSpan.FromSeconds(result.Seconds)));
        yield return (
            "student",
            Invariant($"{context.Configuration.Student.Architecture}, width {context.Configuration.Student.Width}, {context.Planner.Size} px")
        );
        yield return ("seed", result.Seed.ToString(CultureInfo.InvariantCulture));
    }

    private void AppendPictures(StringBuilder text, string title, IEnumerable<int> samples)
    {
        text.Append(Invariant($"<h2>{title}</h2><div class=\"pictures\">"));
        var values = difficulty.Values;
        foreach (var sample in samples.Take(Pictures))
        {
            var name = context.Dataset.ClassNames[context.Dataset.Train.Labels[sample]];
            var picture = Thumbnail.ToDataUri(context.Dataset.Train.Get(sample).Image);
            text.Append(
                Invariant($"<figure><img alt=\"{Encode(name)}\" src=\"{picture}\"><figcaption>{Encode(name)}<br>{values[sample]:F2}</figcaption></figure>")
            );
        }

        text.Append("</div>");
    }

    // Measured samples, easiest first.
    private IEnumerable<int> Order()
    {
        var (values, measured) = difficulty.Capture();
        return Enumerable.Range(0, values.Length).Where(sample => measured[sample] >= 0).OrderBy(sample => values[sample]).ThenBy(sample => sample);
    }

    private IEnumerable<(string From, string To, int Images)> Confusions() =>
        test
            .Confusion.SelectMany((row, from) => row.Select((images, to) => (From: from, To: to, Images: images)))
            .Where(cell => cell.From != cell.To && cell.Images > 0)
            .OrderByDescending(cell => cell.Images)
            .ThenBy(cell => cell.From)
            .ThenBy(cell => cell.To)
            .Take(MostConfusions)
            .Select(cell => (test.Classes[cell.From], test.Classes[cell.To], cell.Images));

    private List<(double X, double Y)> Points(Func<EpochMetrics, double?> value) =>
        [.. epochs.Select(epoch => (epoch.Epoch + 1.0, value(epoch) ?? double.NaN))];

    private static List<double> Shares(IReadOnlyList<int> counts) => [.. counts.Select(count => (double)count / Math.Max(1, counts.Sum()))];

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
