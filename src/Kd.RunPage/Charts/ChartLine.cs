using Kd.Training.Artifacts;

namespace Kd.RunPage.Charts;

/// <summary>A line of a chart.</summary>
/// <param name="Name">Name in the legend.</param>
/// <param name="Points">Points by epoch.</param>
public sealed record ChartLine(string Name, IReadOnlyList<ChartPoint> Points)
{
    private const int MostPoints = 200;

    /// <summary>A value of each epoch; of more than 200 epochs the mean of neighbors, so that a long run is drawn as fast as a short one.</summary>
    public static ChartLine Of(string name, IReadOnlyList<EpochMetrics> epochs, Func<EpochMetrics, double?> value) =>
        new(name, Thin([.. epochs.Select(epoch => (epoch.Epoch, value(epoch)))]));

    /// <summary>The mean of a value over runs, epoch by epoch, as far as all runs have come.</summary>
    public static ChartLine MeanOf(string name, IReadOnlyList<IReadOnlyList<EpochMetrics>> runs, Func<EpochMetrics, double> value) =>
        new(name, Thin([.. Enumerable.Range(0, runs.Min(run => run.Count)).Select(at => (runs[0][at].Epoch, (double?)runs.Average(run => value(run[at]))))]));

    private static IReadOnlyList<ChartPoint> Thin(IReadOnlyList<(int Epoch, double? Value)> values) =>
        [
            .. values
                .Chunk(Math.Max(1, (values.Count + MostPoints - 1) / MostPoints))
                .Select(group => new ChartPoint(group[^1].Epoch + 1, Mean(group.Select(entry => entry.Value))))
                .Where(point => double.IsFinite(point.Y)),
        ];

    private static double Mean(IEnumerable<double?> values)
    {
        var known = values.OfType<double>().ToList();
        return known.Count == 0 ? double.NaN : known.Average();
    }
}

/// <summary>A point of a chart.</summary>
/// <param name="X">The epoch, from 1.</param>
/// <param name="Y">The value.</param>
public sealed record ChartPoint(int X, double Y);

/// <summary>A bar of a chart.</summary>
/// <param name="Name">Name below the bar.</param>
/// <param name="Value">Height of the bar.</param>
public sealed record Bar(string Name, double Value);
