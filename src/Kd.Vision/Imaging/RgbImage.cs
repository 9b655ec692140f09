namespace Kd.Vision.Imaging;

/// <summary>A decoded picture: 8-bit RGB, interleaved, row by row.</summary>
public sealed class RgbImage
{
    private readonly ReadOnlyMemory<byte> _pixels;

    /// <summary>Wraps pixels without copying them.</summary>
    /// <param name="width">Width, px, at least 1.</param>
    /// <param name="height">Height, px, at least 1.</param>
    /// <param name="pixels">Length 3 * width * height.</param>
    /// <exception cref="ArgumentException">The length does not match the size.</exception>
    public RgbImage(int width, int height, ReadOnlyMemory<byte> pixels)
    {
        if (width < 1 || height < 1 || pixels.Length != 3L * width * height)
            throw new ArgumentException(
                $"A picture of {width}x{height} needs {3L * width * height} bytes of RGB and at least one pixel, got {pixels.Length} bytes."
            );
        (Width, Height, _pixels) = (width, height, pixels);
    }

    /// <summary>Width, px.</summary>
    public int Width { get; }

    /// <summary>Height, px.</summary>
    public int Height { get; }

    /// <summary>The bytes R, G, B of each pixel, row by row.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels.Span;
}
