using Kd.Vision.Imaging;

namespace Kd.Vision.Datasets;

/// <summary>A picture and the hash of its content.</summary>
/// <param name="Image">Decoded pixels.</param>
/// <param name="Hash">Hash of the stored bytes (of the pixels where the picture is generated); the same content, the same hash.</param>
public sealed record ImageContent(RgbImage Image, UInt128 Hash);

/// <summary>One sample: where it comes from, its class, and how to get it.</summary>
/// <param name="Name">File or row, for messages.</param>
/// <param name="Label">Index of its class.</param>
/// <param name="Load">Reads and decodes it; safe on any thread; throws <see cref="CorruptImageException"/>.</param>
public sealed record ImageItem(string Name, int Label, Func<ImageContent> Load);

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

    /// <summary>train, validation or test.</summary>
    public string Name { get; }

    /// <summary>Number of samples.</summary>
    public int Count => _items.Length;

    /// <summary>The class of each sample.</summary>
    public IReadOnlyList<int> Labels { get; }

    /// <summary>Pictures left out because they are corrupt.</summary>
    public int Skipped { get; private init; }

    internal IReadOnlyList<ImageItem> Items => _items;

    /// <summary>What messages call a sample.</summary>
    public string NameOf(int index) => _items[index].Name;

    /// <summary>A sample's picture; safe on any thread.</summary>
    /// <exception cref="CorruptImageException">It cannot be decoded.</exception>
    public ImageContent Get(int index)
    {
        if (Volatile.Read(ref _decoded[index]) is { } known)
            return known;
        var content = _items[index].Load();
        if (_kept.TryKeep(content) is { } kept)
            Volatile.Write(ref _decoded[index], kept);
        return content;
    }

    internal ImageSplit With(IEnumerable<ImageItem> items, int skipped = 0) => new(Name, items, _kept) { Skipped = skipped };
}
