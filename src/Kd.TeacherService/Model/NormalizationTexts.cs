using System.Globalization;
using Kd.Settings;
using Kd.Vision.Views;

namespace Kd.TeacherService.Model;

/// <summary>What a network's file says about the normalization of its input.</summary>
/// <param name="Mean">Means of red, green and blue; null: nothing.</param>
/// <param name="Deviation">Standard deviations of red, green and blue; null: nothing.</param>
/// <param name="IsOwn">Whether the network normalizes by itself.</param>
internal sealed record NormalizationTexts(string? Mean, string? Deviation, bool IsOwn)
{
    private const string Example = "for example 0.485,0.456,0.406 and 0.229,0.224,0.225";

    /// <summary>Returns the normalization of the options, else that of the file, else ImageNet's.</summary>
    /// <exception cref="TeacherException">A value cannot be used, or there is only one of the two.</exception>
    public ChannelStatistics Choose(TeacherOptions options)
    {
        var own = Pair("Teacher:Mean and Teacher:StandardDeviation", options.Mean, options.StandardDeviation);
        if (own is not null && IsOwn)
            throw new TeacherException(
                "Teacher:Mean and Teacher:StandardDeviation are set, but the network takes uint8 and normalizes by itself. Leave them empty."
            );
        return own ?? Pair("the file's metadata mean and std", Mean, Deviation) ?? ChannelStatistics.ImageNet;
    }

    private static ChannelStatistics? Pair(string source, string? mean, string? deviation) =>
        (string.IsNullOrWhiteSpace(mean), string.IsNullOrWhiteSpace(deviation)) switch
        {
            (true, true) => null,
            (false, false) => Read(source, mean!, deviation!),
            _ => throw new TeacherException($"Of {source}, only one is given: '{mean}{deviation}'. They belong together, {Example}."),
        };

    private static ChannelStatistics Read(string source, string mean, string deviation)
    {
        var (means, deviations) = (Parse(mean), Parse(deviation));
        return means.Length == 3 && deviations.Length == 3 && means.All(value => value is >= 0 and <= 1) && deviations.All(value => value is > 0 and <= 1000)
            ? new ChannelStatistics(means, deviations)
            : throw new TeacherException(
                $"{source} are '{mean}' and '{deviation}'. Expected three numbers each, for red, green and blue, on a scale of 0 to 1 and deviations "
                    + $"above 0, {Example}."
            );
    }

    private static float[] Parse(string text) =>
        [
            .. text.Trim('[', ']', ' ')
                .Split(',', StringSplitOptions.TrimEntries)
                .Select(part => float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : float.NaN),
        ];
}
