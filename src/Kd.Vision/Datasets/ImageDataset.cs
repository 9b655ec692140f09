namespace Kd.Vision.Datasets;

/// <summary>A dataset of labelled pictures.</summary>
/// <param name="Description">What it is and how it was split, for logs and reports.</param>
/// <param name="ClassNames">Names by class index (folder names, WordNet ids).</param>
/// <param name="Train">Training samples.</param>
/// <param name="Validation">Validation samples.</param>
/// <param name="Test">Test samples.</param>
public sealed record ImageDataset(string Description, IReadOnlyList<string> ClassNames, ImageSplit Train, ImageSplit Validation, ImageSplit Test)
{
    /// <summary>All three splits.</summary>
    public IEnumerable<ImageSplit> Splits => [Train, Validation, Test];
}
