using Kd.Training.Artifacts;

namespace Kd.RunPage.Charts;

/// <summary>A line of a chart.</summary>
/// <param name="Name">Name in the legend.</param>
/// <param name="Points">Points by epoch.</param>
public sealed record ChartLine(string Name, IReadOnlyList<ChartPoint> Points)
{
    private const int MostPoints = 200;

    /// <summary>The highest value of all, also where <see cref="Points"/> are means; null without values.</summary>
    public ChartPoint? Highest { get; private init; }

    /// <summary>A value of each epoch; of more than 200 epochs the mean of neighbors, so that a long run is drawn as fast as a short one.</summary>
    public static ChartLine Of(string name, IReadOnlyList<EpochMetrics> epochs, Func<EpochMetrics, double?> value) =>
        Of(name, [.. epochs.Select(epoch => (epoch.Epoch + 1, value(epoch)))]);

    /// <summary>The mean of a value over runs, epoch by epoch; runs that have not come as far as the others are left out.</summary>
    public static ChartLine MeanOf(string name, IReadOnlyList<IReadOnlyList<EpochMetrics>> runs, Func<EpochMetrics, double> value)
    {
        var longest = runs.Max(run => run.Count);
        var complete = runs.Where(run => run.Count == longest).ToList();
        return Of(name, [.. Enumerable.Range(0, longest).Select(at => (complete[0][at].Epoch + 1, (double?)complete.Average(run => value(run[at]))))]);
    }

    private static ChartLine Of(string name, IReadOnlyList<(int Epoch, double? Value)> values)
    {
        var points = values
            .Chunk(Math.Max(1, (values.Count + MostPoints - 1) / MostPoints))
            .Select(group => new ChartPoint(group[^1].Epoch, Mean(group.Select(entry => entry.Value))))
            .Where(point => double.IsFinite(point.Y));
        var known = values.Where(entry => entry.Value is not null).Select(entry => new ChartPoint(entry.Epoch, entry.Value!.Value));
        return new ChartLine(name, [.. points]) { Highest = known.MaxBy(point => point.Y) };
    }

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
