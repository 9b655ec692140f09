using System.Globalization;
using Kd.Vision.Checkpoints;

namespace Kd.Vision.Models;

/// <summary>What the names and shapes of a network's weights do not tell, as metadata of the weights file.</summary>
/// <param name="Width">Width multiplier.</param>
/// <param name="SmallImages">Whether the first strides are 1.</param>
/// <param name="Size">Width and height of the pictures of its training, px; 0: not known.</param>
public sealed record NetworkForm(double Width, bool SmallImages, int Size)
{
    private const int LargestSize = 4096;
    private const string WidthKey = "width",
        FormKey = "form",
        SizeKey = "size",
        Small = "small",
        Standard = "standard";

    /// <summary>torchvision's form.</summary>
    public static NetworkForm Default { get; } = new(1, SmallImages: false, 0);

    /// <summary>The metadata.</summary>
    public IEnumerable<KeyValuePair<string, string>> Metadata =>
        [
            new(WidthKey, Width.ToString(CultureInfo.InvariantCulture)),
            new(FormKey, SmallImages ? Small : Standard),
            new(SizeKey, Size.ToString(CultureInfo.InvariantCulture)),
        ];

    /// <summary>Whether the metadata of a file have a form.</summary>
    public static bool IsIn(Checkpoint checkpoint) => checkpoint.Metadata.ContainsKey(FormKey);

    /// <summary>Reads the metadata of a file; files of other programs have none, and are in torchvision's form.</summary>
    /// <exception cref="CheckpointException">The metadata are not those of this program.</exception>
    public static NetworkForm Read(Checkpoint checkpoint)
    {
        string Text(string key, string missing) => checkpoint.Metadata.GetValueOrDefault(key, missing);
        var (width, form, size) = (Text(WidthKey, "1"), Text(FormKey, Standard), Text(SizeKey, "0"));
        return
            double.TryParse(width, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number is >= 0.1 and <= 4
            && form is (Small or Standard)
            && int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var side)
            && side <= LargestSize
            ? new NetworkForm(number, form == Small, side)
            : throw new CheckpointException(
                checkpoint.Path,
                $"its metadata have the width '{width}', the form '{form}' and the size '{size}', "
                    + $"expected 0.1 to 4, {Small} or {Standard}, and 0 to {LargestSize} px"
            );
    }
}
