using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the views of the samples: the section <c>Views</c>.</summary>
public sealed class ViewOptions
{
    public const string Section = "Views";

    [Setting(
        "Views per sample; epoch e uses view e mod this number, so that the teacher labels each view once. 0: a fresh view in every epoch.",
        Label = "Views per sample"
    )]
    [Range(0, 1_000_000)]
    public int PerSample { get; set; } = 8;

    [Setting("Width and height of a view, px, at least 8; 0: the pictures' own size up to 64 px, else 224.")]
    [Range(0, CallLimits.LargestSide)]
    public int Size { get; set; }

    [Setting("Seed of the augmentation.")]
    public long Seed { get; set; } = 1;

    /// <summary>Copies the options with other views.</summary>
    public ViewOptions With(int perSample, long seed)
    {
        var copy = (ViewOptions)MemberwiseClone();
        (copy.PerSample, copy.Seed) = (perSample, seed);
        return copy;
    }

    /// <summary>Gets the view index of an epoch.</summary>
    public int IndexFor(int epoch) => PerSample == 0 ? epoch : epoch % PerSample;
}
