using System.IO.Hashing;
using Kd.Core.Randomness;
using Kd.Settings;
using Kd.Vision.Imaging;

namespace Kd.Vision.Datasets;

/// <summary>Generates a dataset of 24 shapes at 32 px in random colors, poses and backgrounds; about three of ten samples are hard by design.</summary>
public static class DemoDataset
{
    /// <summary>Width and height of a picture, px.</summary>
    public const int Side = 32;

    private const int Oversampling = 3;

    /// <summary>Tells how a sample was made hard.</summary>
    /// <param name="seed">Dataset:DemoSeed.</param>
    /// <param name="split">0 training, 1 validation, 2 test.</param>
    /// <param name="index">Index within the split.</param>
    public static DemoHardness HardnessOf(long seed, int split, int index) =>
        Stream(seed, split, index).NextInt32(10) switch
        {
            0 => DemoHardness.Noise,
            1 => DemoHardness.Occlusion,
            2 => DemoHardness.LookAlike,
            _ => DemoHardness.None,
        };

    internal static ImageDataset Create(DatasetOptions options, DecodedPictures decoded)
    {
        var names = DemoShapes.Names;
        var train = Split("train", 0, options.DemoTrainPerClass);
        var validation = Split("validation", 1, options.DemoValidationPerClass);
        var test = Split("test", 2, 2 * options.DemoValidationPerClass);
        var description =
            $"generated demo (seed {options.DemoSeed}): {train.Count} training, {validation.Count} validation, {test.Count} test images "
            + $"of {names.Count} shapes, {Side} px";
        return new ImageDataset(description, names, train, validation, test);

        ImageSplit Split(string name, int split, int perClass) =>
            new(
                name,
                Enumerable
                    .Range(0, perClass * names.Count)
                    .Select(index => new ImageItem($"demo/{name}/{index}", index % names.Count, _ => Generate(options.DemoSeed, split, index))),
                decoded
            );
    }

    private static CounterRandom Stream(long seed, int split, int index) => new((ulong)seed, CounterRandom.Mix(0xDE30, (ulong)split, (ulong)index));

    private static ImageContent Generate(long seed, int split, int index)
    {
        var hardness = HardnessOf(seed, split, index);
        var random = Stream(seed, split, index);
        random.NextInt32(10); // HardnessOf uses this draw.
        var pixels = Paint(ref random, index % DemoShapes.Names.Count, hardness);
        return new ImageContent(new RgbImage(Side, Side, pixels), XxHash128.HashToUInt128(pixels));
    }

    private static byte[] Paint(ref CounterRandom random, int label, DemoHardness hardness)
    {
        var pose = Pose.Draw(ref random);
        var (ink, paperFrom, paperTo) = DrawColors(ref random);
        var ghost = hardness == DemoHardness.LookAlike ? 0.42 : 0.0;
        var bar = hardness == DemoHardness.Occlusion ? DrawBar(ref random) : default;
        var barColor = DrawColor(ref random);
        var noise = hardness == DemoHardness.Noise ? 0.26 : random.NextDouble(0.02, 0.08);
        var pixels = new byte[3 * Side * Side];
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                var coverage = (1 - ghost) * pose.Coverage(label, x, y) + ghost * (ghost > 0 ? pose.Coverage(DemoShapes.LookAlike(label), x, y) : 0);
                var hidden = x >= bar.X && x < bar.X + bar.Width && y >= bar.Y && y < bar.Y + bar.Height;
                for (var channel = 0; channel < 3; channel++)
                {
                    var paper = paperFrom[channel] + (paperTo[channel] - paperFrom[channel]) * (x + y) / (2.0 * Side);
                    var value = hidden ? barColor[channel] : paper + coverage * (ink[channel] - paper);
                    pixels[3 * (y * Side + x) + channel] = (byte)Math.Clamp(255 * (value + noise * random.NextGaussian()), 0, 255);
                }
            }
        }

        return pixels;
    }

    private static PixelBox DrawBar(ref CounterRandom random)
    {
        var thickness = 9 + random.NextInt32(5);
        var at = 4 + random.NextInt32(Side - 8 - thickness);
        return random.NextInt32(2) == 0 ? new PixelBox(0, at, Side, thickness) : new PixelBox(at, 0, thickness, Side);
    }

    private static (double[] Ink, double[] PaperFrom, double[] PaperTo) DrawColors(ref CounterRandom random)
    {
        while (true)
        {
            var (ink, from, to) = (DrawColor(ref random), DrawColor(ref random), DrawColor(ref random));
            // The shape must be lighter than the paper.
            if (Lightness(ink) - Math.Max(Lightness(from), Lightness(to)) > 0.25)
                return (ink, from, to);
        }
    }

    private static double[] DrawColor(ref CounterRandom random) => [random.NextDouble(), random.NextDouble(), random.NextDouble()];

    private static double Lightness(double[] color) => color.Sum() / 3;

    /// <summary>Maps pixels to shape coordinates: scale, rotation, shear, shift.</summary>
    private readonly record struct Pose(double Xx, double Xy, double Yx, double Yy, double ShiftX, double ShiftY)
    {
        public static Pose Draw(ref CounterRandom random)
        {
            var angle = random.NextDouble(-0.3, 0.3);
            var (scaleX, scaleY) = (random.NextDouble(9, 14), random.NextDouble(9, 14));
            scaleY = scaleX + 0.35 * (scaleY - scaleX);
            var shear = random.NextDouble(-0.15, 0.15);
            var (cos, sin) = (Math.Cos(angle), Math.Sin(angle));
            return new Pose(
                cos / scaleX,
                sin / scaleX,
                (-sin + shear * cos) / scaleY,
                (cos + shear * sin) / scaleY,
                random.NextDouble(-3, 3),
                random.NextDouble(-3, 3)
            );
        }

        /// <summary>Returns the share of the pixel that the shape covers, 0 to 1.</summary>
        public double Coverage(int label, int x, int y)
        {
            var hits = 0;
            for (var i = 0; i < Oversampling * Oversampling; i++)
            {
                var px = x + (i % Oversampling + 0.5) / Oversampling - Side / 2.0 - ShiftX;
                var py = y + (i / Oversampling + 0.5) / Oversampling - Side / 2.0 - ShiftY;
                hits += DemoShapes.Contains(label, Xx * px + Xy * py, Yx * px + Yy * py) ? 1 : 0;
            }

            return hits / (double)(Oversampling * Oversampling);
        }
    }
}
