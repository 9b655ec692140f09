namespace Kd.Vision.Datasets;

/// <summary>Where decoded pictures are kept: in memory up to a limit, beyond it in a <see cref="DecodedStore"/>.</summary>
internal sealed class DecodedPictures
{
    private readonly DecodedStore? _store;
    private long _left;

    /// <param name="memory">Bytes of memory.</param>
    /// <param name="folder">Folder of the store; null or empty: no store.</param>
    /// <param name="disk">Bytes of the store.</param>
    public DecodedPictures(long memory, string? folder, long disk)
    {
        _left = memory;
        _store = string.IsNullOrEmpty(folder) || disk == 0 ? null : new DecodedStore(folder, disk);
    }

    /// <summary>By a dataset's options.</summary>
    public static DecodedPictures For(DatasetOptions options) => new((long)options.DecodedMemory << 20, options.DecodedFolder, (long)options.DecodedDisk << 20);

    /// <summary>Keeps a picture; safe on any thread.</summary>
    /// <returns>What to keep of it, or null where there is no room.</returns>
    public ImageContent? TryKeep(ImageContent content)
    {
        var bytes = content.Image.Pixels.Length;
        if (Interlocked.Add(ref _left, -bytes) >= 0)
            return content;
        Interlocked.Add(ref _left, bytes);
        return _store?.TryAdd(content.Image) is { } stored ? content with { Image = stored } : null;
    }
}
