using Kd.Settings;
using Kd.Tests;
using Kd.Vision.Datasets;
using Parquet;
using Parquet.Schema;
using SkiaSharp;

namespace Kd.Vision.Tests.Datasets;

public sealed class UnlabeledPicturesTests
{
    [Fact]
    public void Load_FolderOfAnyStructure_JoinsTheTrainingPicturesOnly()
    {
        using var folder = WriteDataset();
        Write(folder.Path, "more/0.png", "more/2026/a/1.png", "more/notes.txt");

        var dataset = DatasetLoader.Load(Options(folder, "more"));

        Assert.Equal((8, 2, 2), (dataset.Train.Count, dataset.Validation.Count, dataset.Test.Count));
        Assert.Equal([0, 0, 0, 1, 1, 1, -1, -1], dataset.Train.Labels);
        Assert.Equal(["cat", "cat", "cat", "dog", "dog", "dog", "no label", "no label"], Enumerable.Range(0, 8).Select(dataset.ClassOf));
        Assert.EndsWith("2026/a/1.png", dataset.Train.NameOf(7));
        Assert.Contains($"; 2 images without labels at {Path.Combine(folder.Path, "more")}", dataset.Description);
        Assert.Equal(6, dataset.Labeled.Train.Count);
        Assert.Same(dataset.Train.Get(3), dataset.Labeled.Train.Get(3));
        Assert.NotEqual(dataset.Labeled.Checksum(), dataset.Checksum());
    }

    [Fact]
    public void Load_WithoutUnlabeled_IsTheLabeledDatasetItself()
    {
        using var folder = WriteDataset();

        var dataset = DatasetLoader.Load(new DatasetOptions { Path = folder.Path });

        Assert.Same(dataset, dataset.Labeled);
    }

    [Fact]
    public void Load_Subset_DrawsFromTheLabeledPictures()
    {
        using var folder = WriteDataset();
        Write(folder.Path, "more/0.png", "more/1.png");
        var options = Options(folder, "more");
        options.Subset = 2;

        Assert.Equal([0, 1, -1, -1], DatasetLoader.Load(options).Train.Labels);
    }

    [Fact]
    public async Task Load_ParquetWithoutLabels_JoinsItsRows()
    {
        using var folder = WriteDataset();
        Directory.CreateDirectory(Path.Combine(folder.Path, "more"));
        await WriteParquetAsync(Path.Combine(folder.Path, "more", "pictures.parquet"), 3);

        var dataset = DatasetLoader.Load(Options(folder, "more"));

        Assert.Equal([-1, -1, -1], dataset.Train.Labels.Skip(6));
        Assert.Contains("pictures.parquet, row 2", dataset.Train.NameOf(8));
        Assert.Equal(32, dataset.Train.Get(8).Image.Width);
    }

    [Fact]
    public void Load_CorruptUnlabeledPicture_IsSkippedAndTheOthersStay()
    {
        using var folder = WriteDataset();
        Write(folder.Path, "more/0.png", "more/1.png");
        File.WriteAllBytes(Path.Combine(folder.Path, "more", "0.png"), [1, 2, 3]);
        var options = Options(folder, "more");
        options.Corrupt = CorruptImages.Skip;

        var dataset = DatasetLoader.Load(options);

        Assert.Equal((7, 6), (dataset.Train.Count, dataset.Labeled.Train.Count));
    }

    [Theory]
    [InlineData("nowhere", "is not a folder")]
    [InlineData("empty", "has no pictures")]
    [InlineData("train", "Name a folder beside train/, val/ and test/")]
    [InlineData("train/cat", "Name a folder beside train/, val/ and test/")]
    [InlineData("test", "Name a folder beside train/, val/ and test/")]
    [InlineData(".", "Name a folder beside train/, val/ and test/")]
    public void Load_FolderThatIsNone_IsRefusedByName(string name, string reason)
    {
        using var folder = WriteDataset();
        Directory.CreateDirectory(Path.Combine(folder.Path, "empty"));

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(Options(folder, name)));

        Assert.Contains($"Dataset:Unlabeled '{Path.Combine(folder.Path, name)}'", error.Message);
        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void Load_NoLabelsAtAll_DrawsTheSplitsAndTakesTheTeachersLabels()
    {
        using var folder = TestFiles.CreateFolder();
        Write(folder.Path, [.. Enumerable.Range(0, 20).Select(i => $"{i % 3}/{i}.png")]);

        var dataset = DatasetLoader.Load(new DatasetOptions { Path = DatasetOptions.None, Unlabeled = folder.Path });
        var labeled = dataset.LabelByTeacher(["cat", "dog"], [1, 0], [0, 1]);

        Assert.Equal((16, 2, 2), (dataset.Train.Count, dataset.Validation.Count, dataset.Test.Count));
        Assert.Empty(dataset.ClassNames);
        Assert.Equal(20, dataset.Splits.SelectMany(split => split.Items).Select(item => item.Name).Distinct().Count());
        Assert.StartsWith($"pictures without labels at {folder.Path}: 16 training, 2 validation, 2 test images; test is 10%", dataset.Description);
        Assert.Equal(["cat", "dog"], labeled.ClassNames);
        Assert.Equal([1, 0, 0, 1], labeled.Validation.Labels.Concat(labeled.Test.Labels));
        Assert.Equal("no label", labeled.ClassOf(0));
        Assert.Same(dataset.Test.Get(1), labeled.Test.Get(1));
    }

    [Fact]
    public void Load_NoLabelsAndNoPictures_NamesTheSetting()
    {
        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = DatasetOptions.None }));

        Assert.Contains("must come from Dataset:Unlabeled, which is empty", error.Message);
    }

    [Fact]
    public async Task Load_ParquetFilesOfTheDataset_AreRefused()
    {
        using var folder = TestFiles.CreateFolder();
        Directory.CreateDirectory(folder.File("data"));
        await WriteParquetAsync(folder.File("data/train-0.parquet"), 4, labels: true);

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(Options(folder, "data")));

        Assert.Contains("or other parquet files", error.Message);
    }

    private static DatasetOptions Options(TemporaryFolder folder, string unlabeled) =>
        new() { Path = folder.Path, Unlabeled = Path.Combine(folder.Path, unlabeled) };

    private static TemporaryFolder WriteDataset()
    {
        var folder = TestFiles.CreateFolder();
        Write(folder.Path, [.. new[] { "cat", "dog" }.SelectMany(name => Enumerable.Range(0, 3).Select(i => $"train/{name}/{i}.png"))]);
        Write(folder.Path, "val/cat/0.png", "val/dog/0.png", "test/cat/0.png", "test/dog/0.png");
        return folder;
    }

    private static void Write(string folder, params string[] names)
    {
        foreach (var (index, name) in names.Index())
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, Picture((byte)index));
        }
    }

    private static async Task WriteParquetAsync(string path, int count, bool labels = false)
    {
        var (bytes, name, label) = (new DataField<byte[]>("bytes"), new DataField<string>("path"), new DataField<long>("label"));
        var image = new StructField("image", bytes, name);
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(labels ? new ParquetSchema(image, label) : new ParquetSchema(image), file);
        if (labels)
            writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = """{"info":{"features":{"label":{"names":["cat","dog"]}}}}""" };
        using var rows = writer.CreateRowGroup();
        await rows.WriteAsync(bytes, Enumerable.Range(0, count).Select(i => (byte[]?)Picture((byte)i)).ToList());
        await rows.WriteAsync(name, Enumerable.Range(0, count).Select(i => (string?)$"{i}.png").ToList());
        if (labels)
            await rows.WriteAsync<long>(label, Enumerable.Range(0, count).Select(i => (long)(i % 2)).ToArray());
    }

    private static byte[] Picture(byte value)
    {
        using var bitmap = new SKBitmap(32, 32);
        bitmap.Erase(new SKColor(value, value, 7));
        return bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray();
    }
}
