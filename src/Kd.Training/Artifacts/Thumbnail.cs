using Kd.Vision.Imaging;

namespace Kd.Training.Artifacts;

/// <summary>Makes small pictures that can be embedded in a page.</summary>
internal static class Thumbnail
{
    private const int LargestSide = 96;

    /// <summary>Encodes a picture as a data URI of a PNG, scaled down to at most 96 px on its longer side.</summary>
    public static string ToDataUri(RgbImage image)
    {
        var scale = Math.Min(1.0, (double)LargestSide / Math.Max(image.Width, image.Height));
        var small =
            scale == 1
                ? image
                : Resampler.Resize(
                    image,
                    new PixelBox(0, 0, image.Width, image.Height),
                    Math.Max(1, (int)(image.Width * scale)),
                    Math.Max(1, (int)(image.Height * scale))
                );
        return "data:image/png;base64," + Convert.ToBase64String(PngFile.Encode(small));
    }
}
