using Kd.Settings;
using Kd.Tests;
using Kd.Vision.Datasets;
using SkiaSharp;

namespace Kd.Vision.Tests.Datasets;

public sealed class FolderDatasetTests
{
    [Fact]
    public void Load_ClassFoldersWithoutSplits_DrawsThemAndReadsFoldersBelow()
    {
        using var folder = TestFiles.CreateFolder();
        Write(folder, [.. Enumerable.Range(0, 20).SelectMany(i => new[] { $"tabby cat/{i}.png", $"dog/2026/{i % 3}/{i}.JPG.png" })]);
        Write(folder, ".ipynb_checkpoints/0.png", "dog/.ipynb_checkpoints/0.png", "dog/._0.png", "dog/notes.txt");

        var dataset = DatasetLoader.Load(new DatasetOptions { Path = folder.Path });

        Assert.Equal(["dog", "tabby cat"], dataset.ClassNames);
        Assert.Equal(dataset.ClassNames, DatasetLoader.ReadClassNames(folder.Path));
        Assert.Equal((32, 4, 4), (dataset.Train.Count, dataset.Validation.Count, dataset.Test.Count));
        Assert.Equal([0, 0, 1, 1], dataset.Test.Labels);
        Assert.Contains("; test is 10% of the training images", dataset.Description);
    }

    [Fact]
    public void Load_FoldersBelowTrain_AreAsTorchvisionsImageFolder()
    {
        using var folder = TestFiles.CreateFolder();
        Write(folder, "train/cat/0.png", "train/cat/more/1.png", "train/dog/0.png", "val/cat/0.png", "val/dog/a/b/0.png", "test/dog/0.png");

        var dataset = DatasetLoader.Load(new DatasetOptions { Path = folder.Path });

        Assert.Equal((3, 2, 1), (dataset.Train.Count, dataset.Validation.Count, dataset.Test.Count));
        Assert.Equal([0, 0, 1], dataset.Train.Labels);
    }

    [Theory]
    [InlineData("has a folder val/, but no train/", "val/cat/0.png", "val/dog/0.png")]
    [InlineData("has a folder test/, but no train/", "test/0.png", "cat/0.png", "dog/0.png")]
    [InlineData("has 1 classes, expected at least 2", "photos/cat/0.png", "photos/dog/0.png")]
    [InlineData("neither a folder train/, nor folders with pictures, nor parquet files", "0.png", "papers/a.pdf")]
    [InlineData("1 classes of", "cat/0.png", "dog/0.png", "new/notes.txt")]
    public void Load_WrongFolder_SaysWhatItHas(string expected, params string[] files)
    {
        using var folder = TestFiles.CreateFolder();
        Write(folder, [.. files.SelectMany(file => Enumerable.Range(0, 3).Select(i => file.Replace("0.", $"{i}.", StringComparison.Ordinal)))]);

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path }));

        Assert.Contains(expected, error.Message);
        Assert.Contains(folder.Path, error.Message);
    }

    // It would be a class, too.
    [Fact]
    public void Load_UnlabeledPicturesAmongClassFolders_AreRefused()
    {
        using var folder = TestFiles.CreateFolder();
        Write(folder, [.. Enumerable.Range(0, 3).SelectMany(i => new[] { $"cat/{i}.png", $"dog/{i}.png", $"more/{i}.png" })]);
        var options = new DatasetOptions { Path = folder.Path, Unlabeled = folder.File("more") };

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(options));

        Assert.Contains("Dataset:Unlabeled", error.Message);
        Assert.Contains("outside of the dataset", error.Message);
    }

    // A tree of links has as many paths as a picture has copies: 2 to the power of 40, if each was followed.
    [Fact]
    public void Load_LinksThatFormCircles_AreFollowedOnce()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: it makes symbolic links");
        using var folder = TestFiles.CreateFolder();
        Write(folder, "data/cat/0.png", "data/cat/1.png", "data/cat/2.png", "data/dog/0.png", "data/dog/1.png", "data/dog/2.png", "more/3.png", "more/4.png");
        foreach (var name in new[] { "up", "again" })
            Directory.CreateSymbolicLink(folder.File($"data/cat/{name}"), "..");
        Directory.CreateSymbolicLink(folder.File("data/dog/more"), folder.File("more"));
        File.CreateSymbolicLink(folder.File("data/dog/5.png"), folder.File("more/3.png"));

        var classes = DatasetLoader.Load(new DatasetOptions { Path = folder.File("data"), SplitFraction = 0.01 });
        var unlabeled = DatasetLoader.Load(new DatasetOptions { Path = DatasetOptions.None, Unlabeled = folder.File("data/dog") });

        // The circle leads from cat/ to dog/, too.
        Assert.Equal(3 + 3 + 3 + 6, classes.Splits.Sum(split => split.Count));
        Assert.Equal(6, classes.Splits.Sum(split => split.Labels.Count(label => label == 1)));
        Assert.Equal(6, unlabeled.Splits.Sum(split => split.Count));
    }

    private static void Write(TemporaryFolder folder, params string[] names)
    {
        using var bitmap = new SKBitmap(32, 32);
        foreach (var name in names)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
            bitmap.Erase(new SKColor((uint)name.GetHashCode(StringComparison.Ordinal) | 0xFF000000));
            File.WriteAllBytes(folder.File(name), bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray());
        }
    }
}
