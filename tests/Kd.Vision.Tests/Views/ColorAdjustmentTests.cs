using FsCheck;
using FsCheck.Fluent;
using Kd.Core.Randomness;
using Kd.Vision.Views;

namespace Kd.Vision.Tests.Views;

public sealed class ColorAdjustmentTests
{
    // Compares with Pillow's formulas pixel by pixel, for any factors, order and number of pixels, including numbers that fill no vector.
    [Fact]
    public void Apply_AnyPixels_GivesWhatTheFormulasGiveOneByOne() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll<int, byte>(
                (seed, extra) =>
                {
                    var random = new CounterRandom((ulong)seed, 3);
                    var count = 1 + extra % 67;
                    var planes = new byte[3 * count];
                    for (var i = 0; i < planes.Length; i++)
                        planes[i] = (byte)random.NextInt32(256);
                    var jitter = new ColorJitter(random.NextInt32(2000), random.NextInt32(2000), random.NextInt32(2000), random.NextInt32(6));
                    var expected = Slowly(planes, count, jitter);

                    ColorAdjustment.Apply(planes, jitter);

                    return expected.AsSpan().SequenceEqual(planes);
                }
            )
        );

    private static byte[] Slowly(byte[] planes, int count, ColorJitter jitter)
    {
        int[][] orders =
        [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ];
        var values = planes.ToArray();
        foreach (var operation in orders[jitter.Order])
        {
            var gray = Enumerable
                .Range(0, count)
                .Select(i => (values[i] * 19595 + values[count + i] * 38470 + values[2 * count + i] * 7471 + 0x8000) >> 16)
                .ToArray();
            var mean = (int)(gray.Average() + 0.5);
            values =
            [
                .. values.Select(
                    (value, i) =>
                        operation switch
                        {
                            0 => Blend(value, jitter.Brightness, 0),
                            1 => Blend(value, jitter.Contrast, mean),
                            _ => Blend(value, jitter.Saturation, gray[i % count]),
                        }
                ),
            ];
        }

        return values;

        static byte Blend(int value, int factor, int degenerate) =>
            (byte)Math.Clamp(Math.Truncate(degenerate + (decimal)factor * (value - degenerate) / 1000), 0, 255);
    }
}
