using Kd.Settings;

namespace Kd.Vision.Datasets;

/// <summary>Decides where decoded pictures are kept: in memory up to a limit, then in a <see cref="DecodedStore"/>.</summary>
internal sealed class DecodedPictures
{
    private readonly DecodedStore? _store;
    private long _left;
    private volatile bool _isFull;

    /// <param name="memory">Memory limit, bytes.</param>
    /// <param name="folder">Folder of the store; null or empty for no store.</param>
    /// <param name="disk">Limit of the store, bytes.</param>
    public DecodedPictures(long memory, string? folder, long disk)
    {
        _left = memory;
        _store = string.IsNullOrEmpty(folder) || disk == 0 ? null : new DecodedStore(folder, disk);
    }

    /// <summary>Creates the limits from a dataset's options.</summary>
    public static DecodedPictures For(DatasetOptions options) => new((long)options.DecodedMemory << 20, options.DecodedFolder, (long)options.DecodedDisk << 20);

    /// <summary>Whether there was no room for a picture.</summary>
    public bool IsFull => _isFull;

    /// <summary>Keeps a picture if there is room; safe on any thread.</summary>
    /// <returns>The picture to hold on to, backed by memory or by the store, or null if there is no room.</returns>
    public ImageContent? TryKeep(ImageContent content)
    {
        var bytes = content.Image.Pixels.Length;
        if (Interlocked.Add(ref _left, -bytes) >= 0)
            return content;
        Interlocked.Add(ref _left, bytes);
        if (_store?.TryAdd(content.Image) is { } stored)
            return content with { Image = stored };
        _isFull = true;
        return null;
    }
}
