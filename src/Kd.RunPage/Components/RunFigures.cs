using System.Globalization;
using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Control;

namespace Kd.RunPage.Components;

/// <summary>Computes the headline figures of a run.</summary>
internal static class RunFigures
{
    /// <summary>The accuracies: validation, and the test against teacher and baseline where they are known.</summary>
    /// <param name="epochs">Finished epochs.</param>
    /// <param name="testAccuracy">Test accuracy, percent; null until the run has ended.</param>
    /// <param name="study">The study of the run; null: none.</param>
    public static IEnumerable<Figure> Accuracies(IReadOnlyList<EpochMetrics> epochs, double? testAccuracy, StudySummary? study)
    {
        var best = epochs.MaxBy(epoch => epoch.ValidationAccuracy);
        yield return new Figure(
            "Validation accuracy",
            Percent(epochs.Count > 0 ? epochs[^1].ValidationAccuracy : null),
            best is null ? "" : Invariant($"best {best.ValidationAccuracy:F2}% in epoch {best.Epoch + 1}")
        );
        var (teacher, labels) = (study?.TeacherAccuracy, study?.MeanAccuracy(Methods.Labels));
        yield return new Figure(
            "Test accuracy",
            Percent(testAccuracy),
            string.Join(", ", new[] { Compare("teacher", testAccuracy, teacher), Compare("labels", testAccuracy, labels) }.OfType<string>())
        );
    }

    /// <summary>Teacher calls saved by the cache.</summary>
    /// <param name="epochs">Finished epochs.</param>
    /// <param name="secondsPerView">Time of the teacher per view where this run computed none; null: unknown.</param>
    public static Figure Saved(IReadOnlyList<EpochMetrics> epochs, double? secondsPerView)
    {
        var (hits, computed) = (epochs.Sum(epoch => epoch.CacheHits), epochs.Sum(epoch => epoch.TeacherComputed));
        if (hits + computed == 0)
            return new Figure("Teacher calls saved", "-");
        var perView = computed > 0 ? epochs.Sum(epoch => epoch.Times.Label) / computed : secondsPerView;
        var time = perView is { } seconds && hits > 0 ? $", about {ProgressBar.FormatTime(TimeSpan.FromSeconds(hits * seconds))} of the teacher" : "";
        return new Figure(
            "Teacher calls saved",
            Invariant($"{100.0 * hits / (hits + computed):F1}%"),
            Invariant($"{hits:N0} of {hits + computed:N0} views{time}")
        );
    }

    /// <summary>A percentage; "-" where it is unknown.</summary>
    public static string Percent(double? value) => value is { } percent ? Invariant($"{percent:F2}%") : "-";

    private static string? Compare(string name, double? accuracy, double? other) =>
        other is not { } known ? null
        : accuracy is { } own ? Invariant($"{own - known:+0.00;-0.00} to {name}")
        : Invariant($"{name} {known:F2}%");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
