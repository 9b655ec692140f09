using Kd.Core.Randomness;
using Kd.Tests;
using Kd.Vision.Datasets;
using Kd.Vision.Imaging;

namespace Kd.Vision.Tests.Datasets;

public sealed class DecodedStoreTests
{
    [Fact]
    public void TryAdd_ManyPicturesFromManyThreads_GivesEachBackAndLeavesNoFile()
    {
        using var folder = TestFiles.CreateFolder();
        var store = new DecodedStore(folder.File("decoded"), 1L << 30);
        var pictures = Enumerable.Range(0, 200).Select(Picture).ToArray();
        var stored = new RgbImage?[pictures.Length];

        Parallel.For(0, pictures.Length, i => stored[i] = store.TryAdd(pictures[i]));

        Assert.All(
            pictures.Zip(stored),
            pair => Assert.True(pair.Second is { } image && image.Width == pair.First.Width && image.Pixels.SequenceEqual(pair.First.Pixels))
        );
        if (!OperatingSystem.IsWindows())
            Assert.Empty(Directory.GetFiles(folder.File("decoded")));
    }

    [Fact]
    public void TryAdd_MoreThanTheLimit_TakesWhatFits()
    {
        using var folder = TestFiles.CreateFolder();
        var store = new DecodedStore(folder.Path, 3 * 300);

        Assert.Equal([true, true, true, false, false], Enumerable.Range(0, 5).Select(_ => store.TryAdd(new RgbImage(10, 10, new byte[300])) is not null));
    }

    [Fact]
    public void TryAdd_FolderThatCannotBeWritten_TakesNothing()
    {
        using var folder = TestFiles.CreateFolder();
        File.WriteAllText(folder.File("file"), "");
        Assert.Null(new DecodedStore(folder.File("file/decoded"), 1 << 20).TryAdd(Picture(1)));
    }

    [Fact]
    public void Get_NoMemoryForPictures_ComesFromTheStoreAndNotFromTheFileAgain()
    {
        using var folder = TestFiles.CreateFolder();
        var loads = 0;
        var items = Enumerable
            .Range(0, 5)
            .Select(i => new ImageItem(
                $"{i}",
                0,
                _ =>
                {
                    Interlocked.Increment(ref loads);
                    return new ImageContent(Picture(i), (UInt128)(ulong)i);
                }
            ));
        var split = new ImageSplit("train", items, new DecodedPictures(0, folder.File("decoded"), 1 << 20));

        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 5; i++)
            {
                Assert.True(split.Get(i).Image.Pixels.SequenceEqual(Picture(i).Pixels));
                Assert.Equal((UInt128)(ulong)i, split.Get(i).Hash);
            }
        }

        Assert.Equal(5, loads);
    }

    private static RgbImage Picture(int seed)
    {
        var random = new CounterRandom((ulong)seed, 0);
        var (width, height) = (1 + random.NextInt32(40), 1 + random.NextInt32(40));
        var pixels = new byte[3 * width * height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)random.NextInt32(256);
        return new RgbImage(width, height, pixels);
    }
}
