using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Kd.Vision.Imaging;

/// <summary>Resizes pictures bilinearly with antialiasing, exactly as Pillow does, so that weights trained with torchvision get the same input.</summary>
/// <remarks>
/// Source: Pillow's Resample.c. A triangle filter, stretched by the scale if the picture shrinks; a horizontal pass, then a vertical
/// one; coefficients rounded to 22 bits; intermediate values rounded to 8 bits.
/// </remarks>
public static class Resampler
{
    private const int PrecisionBits = 32 - 8 - 2;
    private const int Half = 1 << (PrecisionBits - 1);

    /// <summary>Resizes a box of a picture.</summary>
    /// <param name="image">The source.</param>
    /// <param name="box">The part to resize, within the source; the filter does not read beyond it (crop, then resize).</param>
    /// <param name="width">Width of the result, at least 1.</param>
    /// <param name="height">Height of the result, at least 1.</param>
    public static RgbImage Resize(RgbImage image, PixelBox box, int width, int height) => Resize(image, box, width, height, new PixelBox(0, 0, width, height));

    /// <summary>Resizes a box of a picture and cuts a window out of the result; only the window is computed.</summary>
    /// <param name="image">The source.</param>
    /// <param name="box">The part to resize, within the source.</param>
    /// <param name="width">Width of the whole result, at least 1.</param>
    /// <param name="height">Height of the whole result, at least 1.</param>
    /// <param name="window">The part of the result to return.</param>
    public static RgbImage Resize(RgbImage image, PixelBox box, int width, int height, PixelBox window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        CheckInside(box, image.Width, image.Height);
        CheckInside(window, width, height);
        var columns = Kernel.Create(box.Width, width, window.X, window.Width);
        var lines = Kernel.Create(box.Height, height, window.Y, window.Height);
        var (first, end) = lines.Range;
        if (box.Y + first < image.Rows.First || box.Y + end > image.Rows.First + image.Rows.Count)
            throw new ArgumentException($"The box {box} needs rows that the picture does not have: it has {image.Rows.Count} from {image.Rows.First}.");
        var rows = ResizeRows(image, box with { Y = box.Y + first, Height = end - first }, columns, window.Width);
        return new RgbImage(window.Width, window.Height, ResizeColumns(rows, first, lines, window));
    }

    private static void CheckInside(PixelBox box, int width, int height)
    {
        if (box.X < 0 || box.Y < 0 || box.Width < 1 || box.Height < 1 || box.X > width - box.Width || box.Y > height - box.Height)
            throw new ArgumentException($"The box {box} does not lie within the picture of {width}x{height}.");
    }

    private static byte[] ResizeRows(RgbImage image, PixelBox box, Kernel kernel, int width)
    {
        var target = new byte[3 * width * box.Height];
        var pixels = image.Pixels;
        for (var y = 0; y < box.Height; y++)
        {
            var from = 3 * ((box.Y + y - image.Rows.First) * image.Width + box.X);
            var row = target.AsSpan(3 * width * y, 3 * width);
            // The vector code reads one byte past a pixel.
            if (Sse41.IsSupported && from + 3 * box.Width < pixels.Length)
                ResizeRowVector(in pixels[from], kernel, row);
            else
                ResizeRow(pixels.Slice(from, 3 * box.Width), kernel, row);
        }

        return target;
    }

    private static void ResizeRow(ReadOnlySpan<byte> source, Kernel kernel, Span<byte> row)
    {
        for (var x = 0; x < row.Length / 3; x++)
        {
            var (start, weights) = kernel[x];
            int red = Half,
                green = Half,
                blue = Half;
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

    // The lanes of a vector are a pixel's channels; the fourth lane is the next pixel's red and is dropped.
    private static void ResizeRowVector(in byte source, Kernel kernel, Span<byte> row)
    {
        for (var x = 0; x < row.Length / 3; x++)
        {
            var (start, weights) = kernel[x];
            var sums = Vector128.Create(Half);
            ref var pixel = ref Unsafe.Add(ref Unsafe.AsRef(in source), 3 * start);
            for (var k = 0; k < weights.Length; k++)
            {
                var lanes = Sse41.ConvertToVector128Int32(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<int>(ref Unsafe.Add(ref pixel, 3 * k))).AsByte());
                sums += lanes * weights[k];
            }

            var values = Vector128.Min(Vector128.Max(sums >> PrecisionBits, Vector128<int>.Zero), Vector128.Create(255));
            (row[3 * x], row[3 * x + 1], row[3 * x + 2]) = ((byte)values[0], (byte)values[1], (byte)values[2]);
        }
    }

    // The first of the rows is the box's row with the index first.
    private static byte[] ResizeColumns(byte[] rows, int first, Kernel kernel, PixelBox window)
    {
        var stride = 3 * window.Width;
        var target = new byte[stride * window.Height];
        for (var y = 0; y < window.Height; y++)
        {
            var (start, weights) = kernel[y];
            var row = target.AsSpan(y * stride, stride);
            var source = rows.AsSpan((start - first) * stride, weights.Length * stride);
            var done = Avx2.IsSupported ? ResizeColumnVector(source, weights, row) : 0;
            for (var i = done; i < stride; i++)
            {
                var sum = Half;
                for (var k = 0; k < weights.Length; k++)
                    sum += source[k * stride + i] * weights[k];
                row[i] = Round(sum);
            }
        }

        return target;
    }

    // Processes eight values at a time and returns the number processed.
    private static int ResizeColumnVector(ReadOnlySpan<byte> source, int[] weights, Span<byte> row)
    {
        ref var from = ref MemoryMarshal.GetReference(source);
        var i = 0;
        for (; i + 8 <= row.Length; i += 8)
        {
            var sums = Vector256.Create(Half);
            for (var k = 0; k < weights.Length; k++)
            {
                var bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref from, k * row.Length + i))).AsByte();
                sums += Avx2.ConvertToVector256Int32(bytes) * weights[k];
            }

            var values = Vector256.Min(Vector256.Max(sums >> PrecisionBits, Vector256<int>.Zero), Vector256.Create(255));
            var shorts = Vector128.Narrow(values.GetLower(), values.GetUpper()).AsUInt16();
            Unsafe.WriteUnaligned(ref row[i], Vector128.Narrow(shorts, shorts).AsInt64()[0]);
        }

        return i;
    }

    private static byte Round(int value) => (byte)Math.Clamp(value >> PrecisionBits, 0, 255);

    private readonly struct Kernel(int[] starts, int[][] weights)
    {
        public (int Start, int[] Weights) this[int position] => (starts[position], weights[position]);

        /// <summary>First position of the input that is read, and the position after the last.</summary>
        public (int First, int End) Range => (starts[0], starts[^1] + weights[^1].Length);

        /// <summary>Computes the weights of some positions of the output.</summary>
        public static Kernel Create(int input, int output, int first, int count)
        {
            var scale = (double)input / output;
            var support = Math.Max(scale, 1.0);
            var starts = new int[count];
            var weights = new int[count][];
            for (var i = 0; i < count; i++)
            {
                var center = (first + i + 0.5) * scale;
                var start = Math.Max(0, (int)(center - support + 0.5));
                var end = Math.Min(input, (int)(center + support + 0.5));
                var values = new double[end - start];
                for (var k = 0; k < values.Length; k++)
                    values[k] = Math.Max(0.0, 1.0 - Math.Abs((k + start - center + 0.5) / support));
                var sum = values.Sum();
                starts[i] = start;
                weights[i] = Array.ConvertAll(values, value => (int)Math.Round(value / sum * (1 << PrecisionBits), MidpointRounding.AwayFromZero));
            }

            return new Kernel(starts, weights);
        }
    }
}
