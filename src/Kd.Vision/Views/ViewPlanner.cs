using Kd.Core.Randomness;
using Kd.Vision.Imaging;

namespace Kd.Vision.Views;

/// <summary>Chooses the parameters of views: random ones for training, fixed ones for evaluation.</summary>
/// <param name="size">Width and height of a view, px.</param>
/// <param name="small">True for pictures of 64 px or less, which are padded and cropped, never resized.</param>
/// <param name="seed">Augmentation seed.</param>
public sealed class ViewPlanner(int size, bool small, long seed)
{
    /// <summary>Pictures whose sides are at most this long, px, count as small.</summary>
    public const int LargestSmallSide = 64;

    private const int Padding = 4;

    /// <summary>Width and height of a view, px.</summary>
    public int Size => size;

    /// <summary>Whether pictures are padded and cropped instead of resized.</summary>
    public bool Small => small;

    /// <summary>Draws a view for training; the same arguments always give the same view.</summary>
    /// <param name="sample">Index of the sample.</param>
    /// <param name="view">Index of the view.</param>
    /// <param name="width">Width of the picture, px.</param>
    /// <param name="height">Height of the picture, px.</param>
    public ViewParameters Training(int sample, int view, int width, int height)
    {
        var random = new CounterRandom((ulong)seed, CounterRandom.Mix((ulong)sample, (ulong)view));
        if (small)
        {
            CheckSmall(width, height);
            var box = new PixelBox(random.NextInt32(2 * Padding + 1) - Padding, random.NextInt32(2 * Padding + 1) - Padding, size, size);
            return new ViewParameters(ViewKind.PaddedCrop, box, size, NextFlip(ref random), ColorJitter.None);
        }

        var crop = RandomResizedCrop(ref random, width, height);
        var flip = NextFlip(ref random);
        var jitter = new ColorJitter(NextFactor(ref random), NextFactor(ref random), NextFactor(ref random), random.NextInt32(6));
        return new ViewParameters(ViewKind.ResizedCrop, crop, size, flip, jitter);
    }

    /// <summary>Returns the view for evaluation: shorter side resized to 256/224 of the size, then a center crop. A small picture is used whole.</summary>
    /// <param name="width">Width of the picture, px.</param>
    /// <param name="height">Height of the picture, px.</param>
    public ViewParameters Evaluation(int width, int height)
    {
        if (small)
        {
            CheckSmall(width, height);
            return new ViewParameters(ViewKind.PaddedCrop, new PixelBox(0, 0, size, size), size, false, ColorJitter.None);
        }

        var (resizedWidth, resizedHeight) = ViewRenderer.EvaluationSize(width, height, size);
        var box = new PixelBox(Center(resizedWidth), Center(resizedHeight), size, size);
        return new ViewParameters(ViewKind.EvaluationCrop, box, size, false, ColorJitter.None);

        int Center(int length) => (int)Math.Round((length - size) / 2.0, MidpointRounding.ToEven);
    }

    private void CheckSmall(int width, int height)
    {
        if (width != size || height != size)
            throw new ArgumentException(
                $"A picture has {width}x{height} px, but the others have {size}x{size} px; all must have one size, or set Views:Size to resize them."
            );
    }

    private static bool NextFlip(ref CounterRandom random) => random.NextInt32(2) == 1;

    // 0.8 to 1.2, in thousandths.
    private static int NextFactor(ref CounterRandom random) => 800 + random.NextInt32(401);

    // torchvision's RandomResizedCrop: ten attempts at an area of 8-100% and a ratio of 3/4-4/3, else the largest centered box with an allowed ratio.
    private static PixelBox RandomResizedCrop(ref CounterRandom random, int width, int height)
    {
        const double smallestRatio = 3.0 / 4.0,
            largestRatio = 4.0 / 3.0;
        for (var attempt = 0; attempt < 10; attempt++)
        {
            var area = width * (double)height * random.NextDouble(0.08, 1.0);
            var ratio = Math.Exp(random.NextDouble(Math.Log(smallestRatio), Math.Log(largestRatio)));
            var w = (int)Math.Round(Math.Sqrt(area * ratio), MidpointRounding.ToEven);
            var h = (int)Math.Round(Math.Sqrt(area / ratio), MidpointRounding.ToEven);
            if (w >= 1 && h >= 1 && w <= width && h <= height)
                return new PixelBox(random.NextInt32(width - w + 1), random.NextInt32(height - h + 1), w, h);
        }

        var (boxWidth, boxHeight) = ((double)width / height) switch
        {
            < smallestRatio => (width, Math.Min(height, (int)Math.Round(width / smallestRatio))),
            > largestRatio => (Math.Min(width, (int)Math.Round(height * largestRatio)), height),
            _ => (width, height),
        };
        return new PixelBox((width - boxWidth) / 2, (height - boxHeight) / 2, boxWidth, boxHeight);
    }
}
