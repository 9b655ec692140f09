using Kd.Vision.Imaging;

namespace Kd.Vision.Views;

/// <summary>Renders the pixels of views.</summary>
public static class ViewRenderer
{
    /// <summary>Returns the number of bytes of a rendered view.</summary>
    /// <param name="size">Width and height, px.</param>
    public static int ByteCount(int size) => 3 * size * size;

    /// <summary>Renders a view of a picture.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="view">The view's parameters.</param>
    /// <param name="target">Receives uint8 RGB as planes [3, size, size]; at least <see cref="ByteCount"/> long.</param>
    public static void Render(RgbImage image, ViewParameters view, Span<byte> target)
    {
        var planes = target[..ByteCount(view.Size)];
        Planes.Split(Cut(image, view).Pixels, view.Size, view.Flip, planes);
        if (view.Jitter != ColorJitter.None)
            ColorAdjustment.Apply(planes, view.Jitter);
    }

    /// <summary>Returns the size to which the evaluation view resizes a picture (as torchvision: shorter side exact, longer side rounded down).</summary>
    internal static (int Width, int Height) EvaluationSize(int width, int height, int size)
    {
        var shorter = (int)Math.Round(size * 256.0 / 224.0);
        return width <= height ? (shorter, (int)((long)shorter * height / width)) : ((int)((long)shorter * width / height), shorter);
    }

    private static RgbImage Cut(RgbImage image, ViewParameters view)
    {
        switch (view.Kind)
        {
            case ViewKind.ResizedCrop:
                return Resampler.Resize(image, view.Box, view.Size, view.Size);
            case ViewKind.EvaluationCrop:
                var (width, height) = EvaluationSize(image.Width, image.Height, view.Size);
                return Resampler.Resize(image, new PixelBox(0, 0, image.Width, image.Height), width, height, view.Box);
            case ViewKind.PaddedCrop:
                return MirrorCrop(image, view.Box);
            default:
                throw new ArgumentOutOfRangeException(nameof(view), view.Kind, "Unknown kind of view.");
        }
    }

    // Reflection without repeating the edge: -1 is 1, as torchvision's padding_mode="reflect".
    private static RgbImage MirrorCrop(RgbImage image, PixelBox box)
    {
        var target = new byte[3 * box.Width * box.Height];
        var source = image.Pixels;
        var at = 0;
        for (var y = 0; y < box.Height; y++)
        {
            var row = 3 * image.Width * Mirror(box.Y + y, image.Height);
            for (var x = 0; x < box.Width; x++)
            {
                var from = row + 3 * Mirror(box.X + x, image.Width);
                target[at++] = source[from];
                target[at++] = source[from + 1];
                target[at++] = source[from + 2];
            }
        }

        return new RgbImage(box.Width, box.Height, target);
    }

    private static int Mirror(int position, int length)
    {
        position = Math.Abs(position);
        return position < length ? position : Math.Max(0, 2 * length - 2 - position);
    }
}
