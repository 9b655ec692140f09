using System.ComponentModel.DataAnnotations;

namespace Kd.StudentTrainer.Batches;

/// <summary>Which views the samples are seen in: the section <c>Views</c>.</summary>
internal sealed class ViewOptions
{
    public const string Section = "Views";

    /// <summary>Views of a sample; epoch e uses view e mod PerSample, so that the teacher labels each once. 0: a fresh view every epoch. Default 8.</summary>
    [Range(0, 1_000_000)]
    public int PerSample { get; set; } = 8;

    /// <summary>Width and height of a view, px; 0 (default): the pictures' own size up to 64 px, else 224. Allowed 0, or 8 to 1024.</summary>
    [Range(0, 1024)]
    public int Size { get; set; }

    /// <summary>Augmentation seed. Default 1.</summary>
    public long Seed { get; set; } = 1;

    /// <summary>The same options with other views.</summary>
    internal ViewOptions With(int perSample, long seed)
    {
        var copy = (ViewOptions)MemberwiseClone();
        (copy.PerSample, copy.Seed) = (perSample, seed);
        return copy;
    }

    /// <summary>The view index of an epoch.</summary>
    internal int IndexFor(int epoch) => PerSample == 0 ? epoch : epoch % PerSample;
}
