using System.Globalization;

namespace Kd.Benchmarks;

/// <summary>A benchmark's outcome: one measurement over another of the same run.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Value">The ratio; more is better.</param>
/// <param name="Goal">What it should reach.</param>
/// <param name="Detail">Both measurements, with units.</param>
internal sealed record Ratio(string Name, double Value, double Goal, string Detail)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}: {Detail}\nRATIO {Name} {Value:F2} {Goal:F2}");
}

/// <summary>Takes two measurements by turns, so that a busy moment of the machine hits both.</summary>
internal static class Turns
{
    /// <returns>The median of each.</returns>
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
