using Kd.Core.Randomness;
using Kd.Vision.Imaging;

namespace Kd.Vision.Tests.Imaging;

public sealed class ResamplerTests
{
    // Compares the vector code with the rule of Pillow's Resample.c value by value, for enlarged and reduced boxes up to the picture's last pixel.
    [Fact]
    public void Resize_RandomBoxes_IsTheFixedPointRuleToTheBit()
    {
        for (ulong round = 0; round < 60; round++)
        {
            var random = new CounterRandom(round, 21);
            var image = Draw(ref random);
            var (w, h) = (1 + random.NextInt32(image.Width), 1 + random.NextInt32(image.Height));
            var box =
                round % 2 == 0
                    ? new PixelBox(image.Width - w, image.Height - h, w, h)
                    : new PixelBox(random.NextInt32(image.Width - w + 1), random.NextInt32(image.Height - h + 1), w, h);
            var (width, height) = (1 + random.NextInt32(70), 1 + random.NextInt32(70));

            var actual = Resampler.Resize(image, box, width, height).Pixels;

            Assert.Equal(Expected(image, box, width, height), actual);
        }
    }

    private static RgbImage Draw(ref CounterRandom random)
    {
        var (width, height) = (20 + random.NextInt32(60), 20 + random.NextInt32(60));
        var pixels = new byte[3 * width * height];
        foreach (ref var value in pixels.AsSpan())
            value = (byte)random.NextInt32(256);
        return new RgbImage(width, height, pixels);
    }

    private static byte[] Expected(RgbImage image, PixelBox box, int width, int height)
    {
        var rows = new byte[box.Height, width, 3];
        for (var y = 0; y < box.Height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                for (var c = 0; c < 3; c++)
                    rows[y, x, c] = Filter(box.Width, width, x, k => image.Pixels[3 * ((box.Y + y) * image.Width + box.X + k) + c]);
            }
        }

        var result = new byte[3 * width * height];
        for (var i = 0; i < result.Length; i++)
            result[i] = Filter(box.Height, height, i / 3 / width, k => rows[k, i / 3 % width, i % 3]);
        return result;
    }

    private static byte Filter(int input, int output, int position, Func<int, byte> value)
    {
        var scale = (double)input / output;
        var support = Math.Max(1, scale);
        var center = (position + 0.5) * scale;
        var (start, end) = (Math.Max(0, (int)(center - support + 0.5)), Math.Min(input, (int)(center + support + 0.5)));
        var weights = Enumerable.Range(start, end - start).Select(k => Math.Max(0, 1 - Math.Abs((k - center + 0.5) / support))).ToArray();
        var sum = 1 << 21;
        for (var k = start; k < end; k++)
            sum += value(k) * (int)Math.Round(weights[k - start] / weights.Sum() * (1 << 22), MidpointRounding.AwayFromZero);
        return (byte)Math.Clamp(sum >> 22, 0, 255);
    }
}
