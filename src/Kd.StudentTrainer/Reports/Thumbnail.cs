using Kd.Vision.Imaging;

namespace Kd.StudentTrainer.Reports;

/// <summary>Small pictures that a page holds within itself.</summary>
internal static class Thumbnail
{
    private const int LargestSide = 96;

    /// <summary>PNG as a data URI; what is larger than 96 px becomes smaller, with its ratio kept.</summary>
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
