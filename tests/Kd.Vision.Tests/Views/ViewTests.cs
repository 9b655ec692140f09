using FsCheck;
using FsCheck.Fluent;
using Kd.Core.Randomness;
using Kd.Tests;
using Kd.Vision.Imaging;
using Kd.Vision.Views;

namespace Kd.Vision.Tests.Views;

public sealed class ViewTests
{
    [Fact]
    public void Render_SameKey_GivesSamePixelsOnAnyThreadInAnyOrder() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll<int, byte, bool>(
                (seed, order, small) =>
                {
                    var image = Picture(small ? 32 : 90, small ? 32 : 70, seed);
                    var planner = new ViewPlanner(small ? 32 : 48, small, seed);
                    var keys = Enumerable.Range(0, 16).Select(i => (Sample: i / 4, View: i % 4)).ToArray();
                    var expected = keys.Select(key => Render(image, planner, key)).ToArray();

                    var shuffled = Enumerable.Range(0, keys.Length).ToArray();
                    new CounterRandom(order, 0).Shuffle(shuffled.AsSpan());
                    var actual = new byte[keys.Length][];
                    Parallel.ForEach(shuffled, i => actual[i] = Render(image, new ViewPlanner(planner.Size, small, seed), keys[i]));

                    return expected.Zip(actual).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));
                }
            )
        );

    [Fact]
    public void Training_DistinctIndices_GivesDistinctViews()
    {
        var planner = new ViewPlanner(224, small: false, seed: 5);
        var views = Enumerable.Range(0, 1000).Select(i => planner.Training(i / 10, i % 10, 500, 375)).ToArray();

        Assert.Equal(1000, views.Distinct().Count());
        Assert.Equal(1000, views.Select(view => view.IdFor(1)).Distinct().Count());
    }

    [Fact]
    public void IdFor_OtherContentOrAnyOtherParameter_Differs()
    {
        var view = new ViewParameters(ViewKind.ResizedCrop, new PixelBox(1, 2, 30, 40), 32, false, new ColorJitter(900, 1000, 1100, 3));
        ViewId[] ids =
        [
            view.IdFor(1),
            view.IdFor(2),
            (view with { Kind = ViewKind.PaddedCrop }).IdFor(1),
            (view with { Box = new PixelBox(2, 2, 30, 40) }).IdFor(1),
            (view with { Size = 33 }).IdFor(1),
            (view with { Flip = true }).IdFor(1),
            (view with { Jitter = ColorJitter.None }).IdFor(1),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.Equal(view.IdFor(1), (view with { }).IdFor(1));
    }

    [Fact]
    public void Training_LargePictures_KeepsScaleAndRatioInRange()
    {
        var planner = new ViewPlanner(224, small: false, seed: 1);
        for (var i = 0; i < 2000; i++)
        {
            var box = planner.Training(i, 0, 500, 375).Box;
            Assert.InRange(box.Width * box.Height / (500.0 * 375), 0.075, 1.0);
            Assert.InRange((double)box.Width / box.Height, 0.72, 1.38);
            Assert.True(box.X >= 0 && box.Y >= 0 && box.X + box.Width <= 500 && box.Y + box.Height <= 375);
        }
    }

    [Fact]
    public void Training_SmallPictures_PadsBy4WithReflection()
    {
        var image = new RgbImage(2, 2, new byte[] { 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4 });
        var target = new byte[ViewRenderer.ByteCount(2)];

        ViewRenderer.Render(image, new ViewParameters(ViewKind.PaddedCrop, new PixelBox(-1, 0, 2, 2), 2, false, ColorJitter.None), target);

        Assert.Equal([2, 1, 4, 3], target[..4]);
        var shifts = Enumerable.Range(0, 4000).Select(i => new ViewPlanner(32, true, 1).Training(i, 0, 32, 32).Box.X).Distinct().Order();
        Assert.Equal(Enumerable.Range(-4, 9), shifts);
    }

    [Theory]
    [InlineData("n01440764_tench")]
    [InlineData("n01443537_goldfish")]
    [InlineData("n01494475_hammerhead")]
    [InlineData("n01518878_ostrich")]
    [InlineData("n01630670_common_newt")]
    [InlineData("n01748264_Indian_cobra")]
    [InlineData("n02096051_Airedale")]
    public void Evaluation_Photo_AgreesWithPillowAndTorchvision(string name)
    {
        var image = ImageDecoder.Decode(File.ReadAllBytes(TestFiles.Shared($"parity/eval_transform/{name}.JPEG")), name);
        var expected = ImageDecoder.Decode(File.ReadAllBytes(TestFiles.Shared($"parity/eval_transform/{name}.png")), name);
        var actual = new byte[ViewRenderer.ByteCount(224)];

        ViewRenderer.Render(image, new ViewPlanner(224, small: false, seed: 0).Evaluation(image.Width, image.Height), actual);

        var differences = Enumerable
            .Range(0, actual.Length)
            .Select(i => Math.Abs(actual[i] - expected.Pixels[i % (224 * 224) * 3 + i / (224 * 224)]))
            .ToArray();
        Assert.Equal((224, 224), (expected.Width, expected.Height));
        Assert.InRange(differences.Average(), 0, 2);
        Assert.InRange(differences.Count(difference => difference > 8) / (double)differences.Length, 0, 0.01);
    }

    private static byte[] Render(RgbImage image, ViewPlanner planner, (int Sample, int View) key)
    {
        var target = new byte[ViewRenderer.ByteCount(planner.Size)];
        ViewRenderer.Render(image, planner.Training(key.Sample, key.View, image.Width, image.Height), target);
        return target;
    }

    private static RgbImage Picture(int width, int height, int seed)
    {
        var random = new CounterRandom((ulong)seed, 1);
        var pixels = new byte[3 * width * height];
        foreach (ref var value in pixels.AsSpan())
            value = (byte)random.NextInt32(256);
        return new RgbImage(width, height, pixels);
    }
}
