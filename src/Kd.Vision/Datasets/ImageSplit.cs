using Kd.Vision.Imaging;

namespace Kd.Vision.Datasets;

/// <summary>The samples of one split, in a fixed order.</summary>
public sealed class ImageSplit
{
    private readonly ImageItem[] _items;
    private readonly ImageContent?[] _decoded;
    private readonly DecodedPictures _kept;

    internal ImageSplit(string name, IEnumerable<ImageItem> items, DecodedPictures decoded)
    {
        Name = name;
        _items = [.. items];
        _decoded = new ImageContent?[_items.Length];
        _kept = decoded;
        Labels = Array.ConvertAll(_items, item => item.Label);
    }

    // Samples of another split from its first on; shares its decoded pictures.
    private ImageSplit(ImageSplit whole, ImageItem[] items)
    {
        (Name, Skipped, _decoded, _kept) = (whole.Name, whole.Skipped, whole._decoded, whole._kept);
        _items = items;
        Labels = Array.ConvertAll(_items, item => item.Label);
    }

    /// <summary>Name of the split: train, validation or test.</summary>
    public string Name { get; }

    /// <summary>Number of samples.</summary>
    public int Count => _items.Length;

    /// <summary>The class of each sample; <see cref="ImageItem.Unlabeled"/> if it is not known.</summary>
    public IReadOnlyList<int> Labels { get; }

    /// <summary>Number of pictures left out because they are corrupt.</summary>
    public int Skipped { get; private init; }

    internal IReadOnlyList<ImageItem> Items => _items;

    /// <summary>Returns the name of a sample for messages.</summary>
    public string NameOf(int index) => _items[index].Name;

    /// <summary>Returns a sample's picture, decoding it if necessary; safe on any thread.</summary>
    /// <param name="index">Index of the sample.</param>
    /// <param name="rows">Chooses the rows that are needed; null: all. Others may be missing if the picture is not kept.</param>
    /// <exception cref="CorruptImageException">The picture cannot be decoded.</exception>
    /// <exception cref="DatasetException">Its file cannot be read.</exception>
    public ImageContent Get(int index, RowChoice? rows = null)
    {
        if (Volatile.Read(ref _decoded[index]) is { } known)
            return known;
        if (rows is not null && _kept.IsFull)
            return _items[index].Load(rows);
        var content = _items[index].Load(null);
        if (_kept.TryKeep(content) is { } kept)
            Volatile.Write(ref _decoded[index], kept);
        return content;
    }

    /// <summary>Returns the hash and the size of a sample's picture, without pixels if it is not kept; safe on any thread.</summary>
    /// <param name="index">Index of the sample.</param>
    /// <exception cref="CorruptImageException">It is not a picture.</exception>
    /// <exception cref="DatasetException">Its file cannot be read.</exception>
    public ImageContent Peek(int index) => Volatile.Read(ref _decoded[index]) ?? _items[index].Load((_, _) => PixelRows.None);

    internal ImageSplit First(int count) => new(this, _items[..count]);

    internal ImageSplit Relabel(IReadOnlyList<int> labels) => new(this, [.. _items.Select((item, index) => item with { Label = labels[index] })]);

    internal ImageSplit With(IEnumerable<ImageItem> items, int skipped = 0) => new(Name, items, _kept) { Skipped = skipped };
}
