using Kd.StudentTrainer.Runs;

namespace Kd.StudentTrainer.Page;

/// <summary>A line of a chart.</summary>
/// <param name="Name">In the legend.</param>
/// <param name="Points">In order.</param>
public sealed record ChartLine(string Name, IReadOnlyList<ChartPoint> Points)
{
    private const int MostPoints = 200;

    /// <summary>A value of each epoch; of more than 200 epochs the mean of neighbours, so that a long run draws as fast as a short one.</summary>
    public static ChartLine Of(string name, IReadOnlyList<EpochMetrics> epochs, Func<EpochMetrics, double?> value)
    {
        var size = (epochs.Count + MostPoints - 1) / MostPoints;
        return new ChartLine(
            name,
            [
                .. epochs
                    .Chunk(Math.Max(1, size))
                    .Select(group => new ChartPoint(group[^1].Epoch + 1, Mean(group.Select(value))))
                    .Where(point => double.IsFinite(point.Y)),
            ]
        );
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
/// <param name="Name">Below it.</param>
/// <param name="Value">Its height.</param>
public sealed record Bar(string Name, double Value);
