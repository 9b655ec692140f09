using Kd.Settings;
using Kd.Tests;
using Kd.Training.Batches;
using Kd.Vision.Datasets;
using Kd.Vision.Imaging;
using Kd.Vision.Views;
using SkiaSharp;

namespace Kd.Training.Tests.Batches;

public sealed class ViewSourceTests
{
    private const int Side = 32;

    // Of a picture that is not kept, only the rows of the crop are decoded.
    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(5)]
    public void Render_PicturesThatAreNotKept_GivesTheSameViews(int? view)
    {
        using var folder = TestFiles.CreateFolder();
        AddPictures(folder);
        var (kept, decoded) = (Open(folder, view, memory: 16), Open(folder, view, memory: 0));
        int[] samples = [.. Enumerable.Range(0, kept.Split.Count)];
        var (expected, pixels) = (new byte[samples.Length * ViewRenderer.ByteCount(Side)], new byte[samples.Length * ViewRenderer.ByteCount(Side)]);

        var ids = kept.Render(samples, expected, CancellationToken.None);

        Assert.Equal(ids, decoded.Render(samples, pixels, CancellationToken.None));
        Assert.Equal(expected, pixels);
        // The first round has found that there is no room.
        Assert.Equal(ids, decoded.Render(samples, pixels, CancellationToken.None));
        Assert.Equal(expected, pixels);
    }

    [Fact]
    public void Identify_PicturesThatAreNotKept_GivesTheIdsWithoutDecoding()
    {
        using var folder = TestFiles.CreateFolder();
        AddPictures(folder);
        // Half of a picture cannot be decoded.
        foreach (var file in Directory.GetFiles(folder.Path, "*.jpg", SearchOption.AllDirectories))
            File.WriteAllBytes(file, File.ReadAllBytes(file)[..^200]);
        var source = Open(folder, view: null, memory: 0, check: false);
        int[] samples = [.. Enumerable.Range(0, source.Split.Count)];

        Assert.Equal(samples.Length, source.Identify(samples).Distinct().Count());

        var pixels = new byte[samples.Length * ViewRenderer.ByteCount(Side)];
        var error = Assert.Throws<AggregateException>(() => source.Render(samples, pixels, CancellationToken.None));
        Assert.All(error.InnerExceptions, inner => Assert.IsType<CorruptImageException>(inner));
    }

    private static ViewSource Open(TemporaryFolder folder, int? view, int memory, bool check = true)
    {
        var dataset = DatasetLoader.Load(
            new DatasetOptions
            {
                Path = folder.Path,
                DecodedMemory = memory,
                Check = check,
            }
        );
        return new ViewSource(dataset.Train, new ViewPlanner(Side, small: false, seed: 1), view);
    }

    private static void AddPictures(TemporaryFolder folder)
    {
        for (var index = 0; index < 12; index++)
        {
            using var bitmap = new SKBitmap(70 + index, 110 - 3 * index, SKColorType.Rgba8888, SKAlphaType.Opaque);
            for (var y = 0; y < bitmap.Height; y++)
            {
                for (var x = 0; x < bitmap.Width; x++)
                    bitmap.SetPixel(x, y, new SKColor((byte)(x * (index + 2)), (byte)(y * 3), (byte)(x * y)));
            }

            foreach (var split in new[] { "train", "val", "test" })
            {
                var path = folder.File($"{split}/{(index % 2 == 0 ? "even" : "odd")}");
                Directory.CreateDirectory(path);
                using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 85);
                File.WriteAllBytes(Path.Combine(path, $"{index}.jpg"), data.ToArray());
            }
        }
    }
}
