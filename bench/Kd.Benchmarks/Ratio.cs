using System.Globalization;

namespace Kd.Benchmarks;

/// <summary>The result of a benchmark: the ratio of two measurements of the same run.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="Value">The ratio; more is better, unless the detail says otherwise.</param>
/// <param name="Goal">The value that the ratio should reach.</param>
/// <param name="Detail">Both measurements, with units.</param>
internal sealed record Ratio(string Name, double Value, double Goal, string Detail)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}: {Detail}\nRATIO {Name} {Value:0.00##} {Goal:F2}");
}

/// <summary>Alternates between two measurements, so that a busy period of the machine affects both.</summary>
internal static class Alternating
{
    /// <summary>Takes both measurements a number of times.</summary>
    /// <returns>The median of each measurement.</returns>
    public static async Task<(double First, double Second)> MeasureAsync(int rounds, Func<Task<double>> first, Func<Task<double>> second)
    {
        var (firsts, seconds) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            firsts.Add(await first());
            seconds.Add(await second());
        }

        return (Median(firsts), Median(seconds));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
