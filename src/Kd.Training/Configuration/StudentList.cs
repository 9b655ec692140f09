using System.Globalization;
using Kd.Vision.Models;

namespace Kd.Training.Configuration;

/// <summary>Reads the setting Student:Compare.</summary>
internal static class StudentList
{
    private const double LeastWidth = 0.1,
        MostWidth = 4;

    /// <summary>Reads a list such as mobilenet_v2:0.5,resnet18.</summary>
    /// <returns>The networks with their names in the table; null if the text is no list of two or more different ones.</returns>
    public static IReadOnlyList<(string Name, string Architecture, double Width)>? TryParse(string text)
    {
        var students = text.Split(',', StringSplitOptions.TrimEntries).Select(Parse).ToList();
        var names = students.Select(student => student?.Name).Distinct();
        return students.Count > 1 && students.All(student => student is not null) && names.Count() == students.Count
            ? [.. students.Select(student => student!.Value)]
            : null;
    }

    private static (string Name, string Architecture, double Width)? Parse(string text)
    {
        var parts = text.Split(':');
        var width = 1.0;
        if (
            parts.Length > 2
            || !ModelCatalog.Architectures.Contains(parts[0])
            || (parts.Length == 2 && !double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out width))
            || width is not (>= LeastWidth and <= MostWidth)
            || (width != 1 && !ModelCatalog.HasWidth(parts[0]))
        )
            return null;
        // Also the name of a folder.
        return (width == 1 ? parts[0] : string.Create(CultureInfo.InvariantCulture, $"{parts[0]}-x{width}"), parts[0], width);
    }
}
