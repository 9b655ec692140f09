using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Kd.Vision.Views;

/// <summary>Adjusts brightness, contrast and saturation with integer arithmetic.</summary>
/// <remarks>
/// Source: Pillow's ImageEnhance, which torchvision's ColorJitter calls: a blend of a degenerate picture (black, mean gray, grayscale) and the picture.
/// </remarks>
internal static class ColorAdjustment
{
    private static readonly int[][] s_orders =
    [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];

    /// <summary>Applies the three factors in their order.</summary>
    /// <param name="planes">[3, N], changed in place.</param>
    /// <param name="jitter">The factors.</param>
    public static void Apply(Span<byte> planes, ColorJitter jitter)
    {
        var count = planes.Length / 3;
        var red = planes[..count];
        var green = planes.Slice(count, count);
        var blue = planes.Slice(2 * count, count);
        foreach (var operation in s_orders[jitter.Order])
        {
            switch (operation)
            {
                case 0:
                    Blend(planes, jitter.Brightness, 0);
                    break;
                case 1:
                    Blend(planes, jitter.Contrast, MeanGray(red, green, blue));
                    break;
                default:
                    Saturate(red, green, blue, jitter.Saturation);
                    break;
            }
        }
    }

    private static int MeanGray(ReadOnlySpan<byte> red, ReadOnlySpan<byte> green, ReadOnlySpan<byte> blue)
    {
        var sum = 0L;
        var done = 0;
        if (Avx2.IsSupported)
        {
            // A lane grows by at most 255 per step, so it does not overflow within 8 million steps.
            var sums = Vector256<int>.Zero;
            for (; done + 8 <= red.Length; done += 8)
                sums += Gray(Load(red, done), Load(green, done), Load(blue, done));
            for (var lane = 0; lane < 8; lane++)
                sum += sums[lane];
        }

        for (; done < red.Length; done++)
            sum += Gray(red[done], green[done], blue[done]);
        return (int)((double)sum / red.Length + 0.5);
    }

    // One degenerate value for the whole picture; the rest that fills no vector is looked up in a table.
    private static void Blend(Span<byte> values, int factor, int degenerate)
    {
        Span<byte> blended = stackalloc byte[256];
        for (var value = 0; value < 256; value++)
            blended[value] = Blend(value, factor, degenerate);
        var done = 0;
        if (Avx2.IsSupported)
        {
            for (; done + 8 <= values.Length; done += 8)
                Store(values, done, Blend(Load(values, done), factor, Vector256.Create(degenerate)));
        }

        for (; done < values.Length; done++)
            values[done] = blended[values[done]];
    }

    // Blends each pixel with its own gray value.
    private static void Saturate(Span<byte> red, Span<byte> green, Span<byte> blue, int factor)
    {
        var done = 0;
        if (Avx2.IsSupported)
        {
            for (; done + 8 <= red.Length; done += 8)
            {
                var (r, g, b) = (Load(red, done), Load(green, done), Load(blue, done));
                var gray = Gray(r, g, b);
                Store(red, done, Blend(r, factor, gray));
                Store(green, done, Blend(g, factor, gray));
                Store(blue, done, Blend(b, factor, gray));
            }
        }

        for (; done < red.Length; done++)
        {
            var gray = Gray(red[done], green[done], blue[done]);
            red[done] = Blend(red[done], factor, gray);
            green[done] = Blend(green[done], factor, gray);
            blue[done] = Blend(blue[done], factor, gray);
        }
    }

    private static byte Blend(int value, int factor, int degenerate) => (byte)Math.Clamp((1000 * degenerate + factor * (value - degenerate)) / 1000, 0, 255);

    // n / 1000 = (n / 8) / 125; for 0 <= m <= 32000, m / 125 = 33555 m >> 22 exactly, and larger values end at 255 anyway.
    private static Vector256<int> Blend(Vector256<int> value, int factor, Vector256<int> degenerate)
    {
        var thousandths = degenerate * 1000 + (value - degenerate) * factor;
        var eighths = Vector256.Min(Vector256.Max(thousandths, Vector256<int>.Zero) >> 3, Vector256.Create(32_000));
        return Vector256.Min((eighths * 33_555) >> 22, Vector256.Create(255));
    }

    // ITU-R 601 luma in 16-bit fixed point, as Pillow's convert("L").
    private static int Gray(int red, int green, int blue) => (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;

    private static Vector256<int> Gray(Vector256<int> red, Vector256<int> green, Vector256<int> blue) =>
        (red * 19595 + green * 38470 + blue * 7471 + Vector256.Create(0x8000)) >> 16;

    private static Vector256<int> Load(ReadOnlySpan<byte> values, int at) =>
        Avx2.ConvertToVector256Int32(
            Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref MemoryMarshal.GetReference(values), at))).AsByte()
        );

    private static void Store(Span<byte> values, int at, Vector256<int> lanes)
    {
        var shorts = Vector128.Narrow(lanes.GetLower(), lanes.GetUpper()).AsUInt16();
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref MemoryMarshal.GetReference(values), at), Vector128.Narrow(shorts, shorts).AsInt64()[0]);
    }
}
