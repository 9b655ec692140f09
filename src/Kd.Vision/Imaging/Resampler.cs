namespace Kd.Vision.Imaging;

/// <summary>Bilinear resizing with antialiasing, as Pillow does it (so that weights trained on torchvision's pictures see what they know).</summary>
/// <remarks>
/// Source: Pillow's Resample.c. A triangle filter, stretched by the scale where the picture shrinks; a horizontal pass, then a vertical
/// one; coefficients rounded to 22 bits; intermediate values rounded to 8 bits.
/// </remarks>
public static class Resampler
{
    private const int PrecisionBits = 32 - 8 - 2;

    /// <summary>Resizes a box of a picture.</summary>
    /// <param name="image">The source.</param>
    /// <param name="box">The part to resize, within the source; the filter does not look beyond it (crop, then resize).</param>
    /// <param name="width">Width of the result, at least 1.</param>
    /// <param name="height">Height of the result, at least 1.</param>
    public static RgbImage Resize(RgbImage image, PixelBox box, int width, int height)
    {
        if (box.X < 0 || box.Y < 0 || box.Width < 1 || box.Height < 1 || box.X + box.Width > image.Width || box.Y + box.Height > image.Height)
            throw new ArgumentException($"The box {box} does not lie within the picture of {image.Width}x{image.Height}.");
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var rows = ResizeRows(image, box, width);
        return new RgbImage(width, height, ResizeColumns(rows, box.Height, width, height));
    }

    private static byte[] ResizeRows(RgbImage image, PixelBox box, int width)
    {
        var kernel = Kernel.Create(box.Width, width);
        var target = new byte[3 * width * box.Height];
        for (var y = 0; y < box.Height; y++)
        {
            var source = image.Pixels.AsSpan(3 * ((box.Y + y) * image.Width + box.X), 3 * box.Width);
            var row = target.AsSpan(3 * width * y, 3 * width);
            for (var x = 0; x < width; x++)
            {
                var (start, weights) = kernel[x];
                int red = 1 << (PrecisionBits - 1), green = red, blue = red;
                var pixels = source.Slice(3 * start, 3 * weights.Length);
                for (int k = 0, p = 0; k < weights.Length; k++, p += 3)
                {
                    red += pixels[p] * weights[k];
                    green += pixels[p + 1] * weights[k];
                    blue += pixels[p + 2] * weights[k];
                }

                row[3 * x] = Round(red);
                row[3 * x + 1] = Round(green);
                row[3 * x + 2] = Round(blue);
            }
        }

        return target;
    }

    private static byte[] ResizeColumns(byte[] rows, int rowCount, int width, int height)
    {
        var kernel = Kernel.Create(rowCount, height);
        var stride = 3 * width;
        var target = new byte[stride * height];
        var sums = new int[stride];
        for (var y = 0; y < height; y++)
        {
            var (start, weights) = kernel[y];
            Array.Fill(sums, 1 << (PrecisionBits - 1));
            for (var k = 0; k < weights.Length; k++)
            {
                var weight = weights[k];
                var source = rows.AsSpan((start + k) * stride, stride);
                for (var i = 0; i < source.Length; i++)
                    sums[i] += source[i] * weight;
            }

            var row = target.AsSpan(y * stride, stride);
            for (var i = 0; i < row.Length; i++)
                row[i] = Round(sums[i]);
        }

        return target;
    }

    private static byte Round(int value) => (byte)Math.Clamp(value >> PrecisionBits, 0, 255);

    private readonly struct Kernel(int[] starts, int[][] weights)
    {
        public (int Start, int[] Weights) this[int position] => (starts[position], weights[position]);

        public static Kernel Create(int input, int output)
        {
            var scale = (double)input / output;
            var support = Math.Max(scale, 1.0);
            var starts = new int[output];
            var weights = new int[output][];
            for (var i = 0; i < output; i++)
            {
                var centre = (i + 0.5) * scale;
                var start = Math.Max(0, (int)(centre - support + 0.5));
                var end = Math.Min(input, (int)(centre + support + 0.5));
                var values = new double[end - start];
                for (var k = 0; k < values.Length; k++)
                    values[k] = Math.Max(0.0, 1.0 - Math.Abs((k + start - centre + 0.5) / support));
                var sum = values.Sum();
                starts[i] = start;
                weights[i] = Array.ConvertAll(values, value => (int)Math.Round(value / sum * (1 << PrecisionBits), MidpointRounding.AwayFromZero));
            }

            return new Kernel(starts, weights);
        }
    }
}

/// <summary>A rectangle of pixels.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width, in pixels.</param>
/// <param name="Height">Height, in pixels.</param>
public readonly record struct PixelBox(int X, int Y, int Width, int Height);
