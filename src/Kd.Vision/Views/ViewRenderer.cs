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
                case 0: Blend(pixels, jitter.Brightness, static (_, _) => 0); break;
                case 1: Contrast(pixels, jitter.Contrast); break;
                default: Blend(pixels, jitter.Saturation, static (pixel, _) => Grey(pixel)); break;
            }
        }
    }

    private static void Contrast(Span<byte> pixels, int factor)
    {
        var sum = 0L;
        for (var i = 0; i < pixels.Length; i += 3)
            sum += Grey(pixels.Slice(i, 3));
        var mean = (int)((double)sum / (pixels.Length / 3) + 0.5);
        Blend(pixels, factor, static (_, average) => average, mean);
    }

    // Pillow's ImageEnhance: blend between a degenerate picture (black, mean grey, greyscale) and the picture.
    private static void Blend(Span<byte> pixels, int factor, Func<ReadOnlySpan<byte>, int, int> degenerate, int argument = 0)
    {
        for (var i = 0; i < pixels.Length; i += 3)
        {
            var pixel = pixels.Slice(i, 3);
            var from = degenerate(pixel, argument);
            for (var channel = 0; channel < 3; channel++)
                pixel[channel] = (byte)Math.Clamp((1000 * from + factor * (pixel[channel] - from)) / 1000, 0, 255);
        }
    }

    // ITU-R 601 luma in 16-bit fixed point, as Pillow's convert("L").
    private static int Grey(ReadOnlySpan<byte> pixel) => (pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16;

    private static void CopyToPlanes(byte[] pixels, int size, bool flip, Span<byte> target)
    {
        var plane = size * size;
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
            {
                var from = 3 * (y * size + (flip ? size - 1 - x : x));
                var to = y * size + x;
                target[to] = pixels[from];
                target[plane + to] = pixels[from + 1];
                target[2 * plane + to] = pixels[from + 2];
            }
        }
    }
}
