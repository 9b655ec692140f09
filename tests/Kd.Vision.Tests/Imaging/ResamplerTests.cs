using Kd.Core.Randomness;
using Kd.Vision.Imaging;
using Kd.Vision.Views;

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

    [Fact]
    public void Resize_Window_IsThatPartOfTheWholeResult()
    {
        for (ulong round = 0; round < 60; round++)
        {
            var random = new CounterRandom(round, 22);
            var image = Draw(ref random);
            var box = new PixelBox(2, 3, image.Width - 5, image.Height - 4);
            var (width, height) = (10 + random.NextInt32(90), 10 + random.NextInt32(90));
            var (w, h) = (1 + random.NextInt32(width), 1 + random.NextInt32(height));
            var window = new PixelBox(random.NextInt32(width - w + 1), random.NextInt32(height - h + 1), w, h);
            var whole = Resampler.Resize(image, box, width, height);

            var part = Resampler.Resize(image, box, width, height, window);

            for (var y = 0; y < h; y++)
            {
                var expected = whole.Pixels.Slice(3 * ((window.Y + y) * width + window.X), 3 * w);
                Assert.Equal(expected, part.Pixels.Slice(3 * y * w, 3 * w));
            }
        }
    }

    // Its shorter side becomes 256 px, and the longer one 1.5 million.
    [Fact]
    public void Render_PictureOfOnePixelInWidth_TakesLittleMemory()
    {
        var image = new RgbImage(1, 6000, new byte[3 * 6000]);
        var view = new ViewPlanner(224, small: false, seed: 1).Evaluation(1, 6000);
        var pixels = new byte[ViewRenderer.ByteCount(224)];
        var before = GC.GetAllocatedBytesForCurrentThread();

        ViewRenderer.Render(image, view, pixels);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5 << 20);
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
