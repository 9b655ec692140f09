using System.Globalization;
using Kd.Vision.Checkpoints;

namespace Kd.Vision.Models;

/// <summary>What the names and shapes of a network's weights do not tell, as metadata of the weights file.</summary>
/// <param name="Width">Width multiplier.</param>
/// <param name="SmallImages">Whether the first strides are 1.</param>
public sealed record NetworkForm(double Width, bool SmallImages)
{
    private const string WidthKey = "width",
        FormKey = "form",
        Small = "small",
        Standard = "standard";

    /// <summary>torchvision's form.</summary>
    public static NetworkForm Default { get; } = new(1, SmallImages: false);

    /// <summary>The metadata.</summary>
    public IEnumerable<KeyValuePair<string, string>> Metadata =>
        [new(WidthKey, Width.ToString(CultureInfo.InvariantCulture)), new(FormKey, SmallImages ? Small : Standard)];

    /// <summary>Reads the metadata of a file; files of other programs have none, and are in torchvision's form.</summary>
    /// <exception cref="CheckpointException">The metadata are not those of this program.</exception>
    public static NetworkForm Read(Checkpoint checkpoint)
    {
        var (width, form) = (checkpoint.Metadata.GetValueOrDefault(WidthKey, "1"), checkpoint.Metadata.GetValueOrDefault(FormKey, Standard));
        return
            double.TryParse(width, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0.1 and <= 4 && form is Small or Standard
            ? new NetworkForm(number, form == Small)
            : throw new CheckpointException(
                checkpoint.Path,
                $"its metadata have the width '{width}' and the form '{form}', expected 0.1 to 4, and {Small} or {Standard}"
            );
    }
}
