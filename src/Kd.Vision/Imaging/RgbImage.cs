namespace Kd.Vision.Imaging;

/// <summary>A decoded picture, or some rows of it: 8-bit RGB, interleaved, row by row.</summary>
public sealed class RgbImage
{
    private readonly ReadOnlyMemory<byte> _pixels;

    /// <summary>Wraps pixels without copying them.</summary>
    /// <param name="width">Width, px, at least 1.</param>
    /// <param name="height">Height, px, at least 1.</param>
    /// <param name="pixels">Length 3 * width * height.</param>
    /// <exception cref="ArgumentException">The length does not match the size.</exception>
    public RgbImage(int width, int height, ReadOnlyMemory<byte> pixels)
        : this(width, height, pixels, PixelRows.All(height)) { }

    /// <summary>Wraps the pixels of some rows without copying them.</summary>
    /// <param name="width">Width of the picture, px, at least 1.</param>
    /// <param name="height">Height of the whole picture, px, at least 1.</param>
    /// <param name="pixels">Length 3 * width * rows.</param>
    /// <param name="rows">The rows, within the picture.</param>
    /// <exception cref="ArgumentException">The length does not match the size.</exception>
    public RgbImage(int width, int height, ReadOnlyMemory<byte> pixels, PixelRows rows)
    {
        if (width < 1 || height < 1 || !rows.IsWithin(height) || pixels.Length != 3L * width * rows.Count)
            throw new ArgumentException(
                $"{rows.Count} rows from {rows.First} of a picture of {width}x{height} need {3L * width * rows.Count} bytes of RGB and lie within it; "
                    + $"got {pixels.Length} bytes."
            );
        (Width, Height, _pixels, Rows) = (width, height, pixels, rows);
    }

    /// <summary>Width, px.</summary>
    public int Width { get; }

    /// <summary>Height, px.</summary>
    public int Height { get; }

    /// <summary>The rows that <see cref="Pixels"/> has; mostly all.</summary>
    public PixelRows Rows { get; }

    /// <summary>The bytes R, G, B of each pixel, row by row.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels.Span;
}
