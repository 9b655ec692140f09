using System.Globalization;
using Kd.Settings;

namespace Kd.Training.Configuration;

/// <summary>The size of the student's input over a run: small at first, the size of the views at the end.</summary>
/// <remarks>
/// Sources: Howard 2018, "Training Imagenet in 3 hours for USD 25" (progressive resizing); Touvron et al. 2019, "Fixing the train-test resolution
/// discrepancy" (statistics at the size of the test).
/// </remarks>
internal sealed class ResolutionSchedule
{
    // Feature maps of a multiple of 4 px lose no border in the first strides.
    private const int Multiple = 4,
        Smallest = 8;
    private readonly IReadOnlyList<(double Scale, double Until)> _stages;

    private ResolutionSchedule(IReadOnlyList<(double, double)> stages) => _stages = stages;

    /// <summary>Reads the checked setting Curriculum:Resolutions.</summary>
    public static ResolutionSchedule Of(CurriculumOptions curriculum) =>
        TryParse(curriculum.Resolutions, out var schedule) ? schedule : throw new FormatException($"Curriculum:Resolutions is '{curriculum.Resolutions}'.");

    /// <summary>The share of the views' size at a point of the run, above 0, at most 1.</summary>
    /// <param name="progress">Share of the run's updates that are done, 0 to 1.</param>
    public double ScaleAt(double progress) => _stages.FirstOrDefault(stage => progress < stage.Until, (1, 1)).Scale;

    /// <summary>The stages in order, the last one at the full size: the share of the size, and the share of the run that the stage takes.</summary>
    public IEnumerable<(double Scale, double Share)> Stages
    {
        get
        {
            var begin = 0.0;
            foreach (var (scale, until) in _stages.Append((1, 1)))
            {
                yield return (scale, until - begin);
                begin = until;
            }
        }
    }

    /// <summary>Converts a share of a size to px: a multiple of 4, at least 8, at most the size.</summary>
    public static int ToSize(double scale, int size) => Math.Min(size, Math.Max(Smallest, (int)Math.Round(scale * size / Multiple) * Multiple));

    /// <summary>Parses stages such as <c>0.625:0.25,0.75:0.5</c>: share of the size, and share of the run until which it holds. none: no stages.</summary>
    /// <returns>Whether the text has that form, and each stage ends after the one before.</returns>
    public static bool TryParse(string text, out ResolutionSchedule schedule)
    {
        var stages = new List<(double Scale, double Until)>();
        schedule = new ResolutionSchedule(stages);
        if (text == CurriculumOptions.NoResolutions)
            return true;
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var numbers = Array.ConvertAll(part.Split(':'), Number);
            if (numbers is not [> 0 and <= 1, > 0 and <= 1] || (stages.Count > 0 && numbers[1] <= stages[^1].Until))
                return false;
            stages.Add((numbers[0], numbers[1]));
        }

        return true;
    }

    private static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
}
