using System.Globalization;

namespace Kd.Training.Configuration;

/// <summary>Reads the setting Distillation:TeacherWeights.</summary>
internal static class TeacherShares
{
    /// <summary>Reads the checked setting.</summary>
    public static IReadOnlyList<double> Parse(string text, int teachers) =>
        TryParse(text, teachers) ?? throw new FormatException($"Distillation:TeacherWeights is '{text}'.");

    /// <summary>Reads weights such as 2,1.</summary>
    /// <param name="text">A number above 0 for each teacher; empty: equal weights.</param>
    /// <param name="teachers">Number of teachers.</param>
    /// <returns>The weights, scaled so that their sum is 1; null if the text does not have that form.</returns>
    public static IReadOnlyList<double>? TryParse(string text, int teachers)
    {
        if (text.Length == 0)
            return [.. Enumerable.Repeat(1.0 / teachers, teachers)];
        var weights = Array.ConvertAll(text.Split(','), Number);
        return weights.Length == teachers && weights.All(weight => weight is > 0 and <= 1e6) ? [.. weights.Select(weight => weight / weights.Sum())] : null;
    }

    private static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
}
