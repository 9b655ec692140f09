using Kd.Vision.Imaging;

namespace Kd.Vision.Views;

/// <summary>Turns a picture and view parameters into pixels.</summary>
public static class ViewRenderer
{
    private static readonly int[][] s_orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    /// <summary>Bytes of a rendered view.</summary>
    /// <param name="size">Width and height, px.</param>
    public static int ByteCount(int size) => 3 * size * size;

    /// <summary>Renders a view.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="view">Its view.</param>
    /// <param name="target">Receives uint8 RGB as planes [3, size, size]; at least <see cref="ByteCount"/> long.</param>
    public static void Render(RgbImage image, ViewParameters view, Span<byte> target)
    {
        var pixels = Cut(image, view);
        if (view.Jitter != ColourJitter.None)
            Recolour(pixels, view.Jitter);
        CopyToPlanes(pixels, view.Size, view.Flip, target);
    }

    /// <summary>The size of a picture after the resize of the evaluation view (torchvision: shorter side exact, longer side rounded down).</summary>
    internal static (int Width, int Height) EvaluationSize(int width, int height, int size)
    {
        var shorter = (int)Math.Round(size * 256.0 / 224.0);
        return width <= height ? (shorter, (int)((long)shorter * height / width)) : ((int)((long)shorter * width / height), shorter);
    }

    private static byte[] Cut(RgbImage image, ViewParameters view)
    {
        switch (view.Kind)
        {
            case ViewKind.ResizedCrop:
                return Resampler.Resize(image, view.Box, view.Size, view.Size).Pixels;
            case ViewKind.EvaluationCrop:
                var (width, height) = EvaluationSize(image.Width, image.Height, view.Size);
                return MirrorCrop(Resampler.Resize(image, new PixelBox(0, 0, image.Width, image.Height), width, height), view.Box);
            case ViewKind.PaddedCrop:
                return MirrorCrop(image, view.Box);
            default:
                throw new ArgumentOutOfRangeException(nameof(view), view.Kind, "Not a kind of view.");
        }
    }

    // Reflection without repeating the edge: -1 is 1, as torchvision's padding_mode="reflect".
    private static byte[] MirrorCrop(RgbImage image, PixelBox box)
    {
        var target = new byte[3 * box.Width * box.Height];
        var at = 0;
        for (var y = 0; y < box.Height; y++)
        {
            var row = 3 * image.Width * Mirror(box.Y + y, image.Height);
            for (var x = 0; x < box.Width; x++)
            {
                var from = row + 3 * Mirror(box.X + x, image.Width);
                target[at++] = image.Pixels[from];
                target[at++] = image.Pixels[from + 1];
                target[at++] = image.Pixels[from + 2];
            }
        }

        return target;
    }

    private static int Mirror(int position, int length)
    {
        position = Math.Abs(position);
        return position < length ? position : Math.Max(0, 2 * length - 2 - position);
    }

    private static void Recolour(Span<byte> pixels, ColourJitter jitter)
    {
        foreach (var operation in s_orders[jitter.Order])
        {
            switch (operation)
            {
                case 0: Blend(pixels, jitter.Brightness, 0); break;
                case 1: Blend(pixels, jitter.Contrast, MeanGrey(pixels)); break;
                default: Saturate(pixels, jitter.Saturation); break;
            }
        }
    }

    private static int MeanGrey(ReadOnlySpan<byte> pixels)
    {
        var sum = 0L;
        for (var i = 0; i + 2 < pixels.Length; i += 3)
            sum += Grey(pixels[i], pixels[i + 1], pixels[i + 2]);
        return (int)((double)sum / (pixels.Length / 3) + 0.5);
    }

    // Pillow's ImageEnhance: blend between a degenerate picture (black or mean grey) and the picture, which only depends on the value.
    private static void Blend(Span<byte> pixels, int factor, int degenerate)
    {
        Span<byte> blended = stackalloc byte[256];
        for (var value = 0; value < 256; value++)
            blended[value] = Blend(value, factor, degenerate);
        foreach (ref var value in pixels)
            value = blended[value];
    }

    // The same with the greyscale picture.
    private static void Saturate(Span<byte> pixels, int factor)
    {
        for (var i = 0; i + 2 < pixels.Length; i += 3)
        {
            var grey = Grey(pixels[i], pixels[i + 1], pixels[i + 2]);
            pixels[i] = Blend(pixels[i], factor, grey);
            pixels[i + 1] = Blend(pixels[i + 1], factor, grey);
            pixels[i + 2] = Blend(pixels[i + 2], factor, grey);
        }
    }

    private static byte Blend(int value, int factor, int degenerate) => (byte)Math.Clamp((1000 * degenerate + factor * (value - degenerate)) / 1000, 0, 255);

    // ITU-R 601 luma in 16-bit fixed point, as Pillow's convert("L").
    private static int Grey(int red, int green, int blue) => (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;

    private static void CopyToPlanes(byte[] pixels, int size, bool flip, Span<byte> target)
    {
        var plane = size * size;
        var red = target[..plane];
        var green = target.Slice(plane, plane);
        var blue = target.Slice(2 * plane, plane);
        var step = flip ? -3 : 3;
        for (var y = 0; y < size; y++)
        {
            var from = 3 * (y * size + (flip ? size - 1 : 0));
            for (var to = y * size; to < (y + 1) * size; to++, from += step)
            {
                red[to] = pixels[from];
                green[to] = pixels[from + 1];
                blue[to] = pixels[from + 2];
            }
        }
    }
}
