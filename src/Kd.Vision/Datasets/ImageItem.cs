using Kd.Vision.Imaging;

namespace Kd.Vision.Datasets;

/// <summary>One sample: its source, its class and the function that loads it.</summary>
/// <param name="Name">File or row, for messages.</param>
/// <param name="Label">Index of its class; <see cref="Unlabeled"/>: not known.</param>
/// <param name="Load">
/// Reads the picture and decodes it, or those of its rows that are chosen (null: all); safe on any thread; throws <see cref="CorruptImageException"/> or
/// <see cref="DatasetException"/>.
/// </param>
public sealed record ImageItem(string Name, int Label, Func<RowChoice?, ImageContent> Load)
{
    /// <summary>The label of a picture whose class is not known.</summary>
    public const int Unlabeled = -1;
}
