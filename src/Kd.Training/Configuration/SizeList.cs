using System.Globalization;

namespace Kd.Training.Configuration;

/// <summary>Reads Curriculum:Sizes, sizes of the student's input as shares of the view's size.</summary>
internal static class SizeList
{
    /// <summary>Reads the checked setting.</summary>
    public static IReadOnlyList<double> Parse(string text) =>
        TryParse(text, out var sizes) ? sizes : throw new FormatException($"Curriculum:Sizes is '{text}'.");

    /// <summary>Reads numbers above 0 that ascend to 1, two or more.</summary>
    /// <returns>Whether the text has that form.</returns>
    public static bool TryParse(string text, out IReadOnlyList<double> sizes)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var numbers = Array.ConvertAll(parts, part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : -1);
        sizes = numbers;
        return numbers is [> 0, .., 1] && numbers.Zip(numbers.Skip(1)).All(pair => pair.First < pair.Second);
    }
}
