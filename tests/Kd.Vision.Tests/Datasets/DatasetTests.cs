using System.Diagnostics;
using System.Text.Json;
using Kd.Core.Randomness;
using Kd.Settings;
using Kd.Tests;
using Kd.Vision.Datasets;
using Parquet;
using Parquet.Schema;
using SkiaSharp;

namespace Kd.Vision.Tests.Datasets;

public sealed class DatasetTests
{
    [Fact]
    public void Load_FolderWithoutValidation_TakesASeededShareOfEachClass()
    {
        using var folder = WriteFolders(("train", 20), ("test", 3));

        var dataset = DatasetLoader.Load(new DatasetOptions { Path = folder.Path });
        var again = DatasetLoader.Load(new DatasetOptions { Path = folder.Path });
        var other = DatasetLoader.Load(new DatasetOptions { Path = folder.Path, SplitSeed = 2 });

        Assert.Equal((36, 4, 6), (dataset.Train.Count, dataset.Validation.Count, dataset.Test.Count));
        Assert.Equal(["cat", "dog"], dataset.ClassNames);
        Assert.Equal([0, 0, 1, 1], dataset.Validation.Labels);
        Assert.Contains("validation is 10% of the training images, drawn with seed 1", dataset.Description);
        Assert.Equal(Names(dataset.Validation), Names(again.Validation));
        Assert.NotEqual(Names(dataset.Validation), Names(other.Validation));
        Assert.Empty(Names(dataset.Validation).Intersect(Names(dataset.Train)));
    }

    [Fact]
    public void Load_Subset_DrawsEvenlyOverTheClasses()
    {
        using var folder = WriteFolders(("train", 20), ("val", 2), ("test", 2));

        var dataset = DatasetLoader.Load(new DatasetOptions { Path = folder.Path, Subset = 10 });

        Assert.Equal(5, dataset.Train.Labels.Count(label => label == 0));
        Assert.Equal(10, dataset.Train.Count);
    }

    [Fact]
    public void Load_CorruptPicture_IsNamedOrSkipped()
    {
        using var folder = WriteFolders(("train", 5), ("val", 2), ("test", 2));
        File.WriteAllBytes(Path.Combine(folder.Path, "train", "dog", "broken.png"), [1, 2, 3]);

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path }));
        var skipping = DatasetLoader.Load(new DatasetOptions { Path = folder.Path, Corrupt = CorruptImages.Skip });

        Assert.Contains("broken.png", error.Message);
        Assert.Contains("Dataset:Corrupt=Skip", error.Message);
        Assert.Equal((10, 1), (skipping.Train.Count, skipping.Train.Skipped));
    }

    // It may be readable again later: left out, it would make another dataset of this one.
    [Fact]
    public void Load_PictureThatCannotBeRead_StopsEvenIfCorruptOnesAreSkipped()
    {
        using var folder = WriteFolders(("train", 5), ("val", 2), ("test", 2));
        File.CreateSymbolicLink(Path.Combine(folder.Path, "train", "dog", "away.png"), Path.Combine(folder.Path, "nowhere.png"));

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path, Corrupt = CorruptImages.Skip }));

        Assert.Contains("away.png", error.Message);
        Assert.Contains("cannot be read", error.Message);
    }

    // A pipe without a writer blocks whoever opens it; a sparse file has as many bytes as its author likes.
    [Theory]
    [InlineData("mkfifo", "no ordinary file")]
    [InlineData("truncate -s 500M", "more than 4 for each of 100 million pixels")]
    [InlineData("ln -s /dev/zero", "no ordinary file")]
    public async Task Load_PictureThatIsNone_IsCorruptAndNotRead(string command, string reason)
    {
        using var folder = WriteFolders(("train", 5), ("val", 2), ("test", 2));
        Run($"{command} {folder.Path}/train/dog/odd.png");

        var loading = Task.Run(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path }), TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<DatasetException>(() => loading.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));

        Assert.Contains("odd.png", error.Message);
        Assert.Contains(reason, error.Message);
    }

    // Byte F6 alone is no UTF-8: the folder's name, as this program sees it, leads nowhere.
    [Fact]
    public void Load_ClassFolderInAnotherEncoding_IsAUsersMistake()
    {
        using var folder = WriteFolders(("train", 5), ("val", 2), ("test", 2));
        Run($"mkdir $'{folder.Path}/train/caf\\xf6'");

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path }));

        Assert.Contains("cannot be read", error.Message);
        // .NET cannot remove it either.
        Run($"rm -r {folder.Path}/train/caf*");
    }

    // 80 MB of zeros in a file of some kilobytes.
    [Fact]
    public async Task Load_ParquetWhoseContentIsFarLargerThanTheFile_IsRefused()
    {
        using var folder = TestFiles.CreateFolder();
        await WriteParquetAsync(folder.File("train-0.parquet"), _ => new byte[10 << 20], [0, 1, 0, 1, 0, 1, 0, 1]);
        Assert.InRange(new FileInfo(folder.File("train-0.parquet")).Length, 1, 5 << 20);

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path }));

        Assert.Contains("more than 16 times as many", error.Message);
    }

    // A list in a list in a list ...: a reader that calls itself for each would overflow its stack, which no handler catches.
    [Fact]
    public void Load_ParquetWithADeeplyNestedFooter_IsDamaged()
    {
        using var folder = TestFiles.CreateFolder();
        byte[] footer = [0xF9, .. Enumerable.Repeat((byte)0x19, 3_000_000)];
        File.WriteAllBytes(folder.File("train-0.parquet"), [.. "PAR1"u8, .. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8]);

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path }));

        Assert.Contains("train-0.parquet' is damaged", error.Message);
    }

    [Theory]
    [InlineData("has 1 classes", "cat")]
    [InlineData("two classes with the name 'cat'", "cat", "dog", "cat")]
    [InlineData("must not be empty", "cat", " ")]
    [InlineData("control characters", "cat", "dog\nowl")]
    public async Task ReadClassNames_ParquetWithUnusableNames_SaysWhich(string reason, params string[] names)
    {
        using var folder = TestFiles.CreateFolder();
        await WriteParquetAsync(folder.File("train-0.parquet"), Picture, [0, 0], names);
        Assert.Contains(reason, Assert.Throws<DatasetException>(() => DatasetLoader.ReadClassNames(folder.Path)).Message);
    }

    [Fact]
    public void Load_ClassOnlyInTest_IsNamed()
    {
        using var folder = WriteFolders(("train", 3), ("val", 2), ("test", 2));
        Directory.CreateDirectory(Path.Combine(folder.Path, "test", "emu"));

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path }));

        Assert.Contains("'emu'", error.Message);
    }

    [Fact]
    public void Load_NoFolder_SaysWhatWasExpected()
    {
        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = "/no/such/folder" }));

        Assert.Contains("is not a folder", error.Message);
        Assert.Contains("CLASS/*.jpg", error.Message);
    }

    [Fact]
    public void Load_MiniImageNetParquet_ReadsAllFilesAndClassNames()
    {
        var dataset = DatasetLoader.Load(new DatasetOptions { Path = TestFiles.Shared("data/mini-imagenet-sample") });

        Assert.Equal((100, 20, 20), (dataset.Train.Count, dataset.Validation.Count, dataset.Test.Count));
        Assert.Equal(File.ReadLines(TestFiles.Shared("data/mini-imagenet-wnids.txt")).Order(), dataset.ClassNames.Order());
        Assert.Equal("n01558993", dataset.ClassNames[dataset.Test.Labels[0]]);
        Assert.Contains("n01558993_robin.JPEG", dataset.Test.NameOf(0));
        Assert.Equal(100, dataset.Train.Labels.Distinct().Count());
    }

    [Theory]
    [InlineData(2, "has the label 2, expected 0 to 1")]
    [InlineData(-1, "has the label -1, expected 0 to 1")]
    public async Task Load_LabelOutsideTheClasses_NamesTheRow(long label, string expected)
    {
        using var folder = TestFiles.CreateFolder();
        await WriteParquetAsync(folder.File("train-0.parquet"), 0, 1, 0, label);

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path }));

        Assert.Contains(expected, error.Message);
        Assert.Contains("row 3", error.Message);
    }

    // Found by bench/Kd.Fuzz: the library's exceptions came through, of eight types.
    [Fact]
    public async Task Load_DamagedParquet_IsAUsersMistakeWithTheFilesName()
    {
        using var folder = TestFiles.CreateFolder();
        var path = folder.File("train-0.parquet");
        await WriteParquetAsync(path, 0, 1, 0, 1);
        var whole = File.ReadAllBytes(path);
        var refused = 0;
        for (ulong round = 0; round < 200; round++)
        {
            var random = new CounterRandom(round, 5);
            var damaged = whole.ToArray();
            // In the metadata at the end of the file.
            for (var i = 0; i < 3; i++)
                damaged[damaged.Length - 1 - random.NextInt32(Math.Min(700, damaged.Length))] = (byte)random.NextInt32(256);
            File.WriteAllBytes(path, damaged);
            try
            {
                DatasetLoader.Load(new DatasetOptions { Path = folder.Path });
            }
            catch (DatasetException error)
            {
                refused += error.Message.Contains("train-0.parquet", StringComparison.Ordinal) ? 1 : 0;
            }
        }

        Assert.InRange(refused, 50, 200);
    }

    // Rows without pictures compress to almost nothing, and each would take an entry of three arrays.
    [Fact]
    public async Task Load_MoreRowsThanTheFileCanHold_AreRefused()
    {
        using var folder = TestFiles.CreateFolder();
        await WriteParquetAsync(folder.File("train-0.parquet"), _ => null, new long[2_000_000]);

        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path }));

        Assert.Contains("claims 2000000 rows", error.Message);
    }

    [Fact]
    public async Task Load_ClassWithoutAPicture_IsNamed()
    {
        using var folder = TestFiles.CreateFolder();
        await WriteParquetAsync(folder.File("train-0.parquet"), [.. Enumerable.Repeat(0L, 20)]);
        using var folders = WriteFolders(("train", 3), ("val", 2), ("test", 2));
        Directory.Delete(Path.Combine(folders.Path, "train", "dog"), recursive: true);
        Directory.CreateDirectory(Path.Combine(folders.Path, "train", "dog"));

        Assert.Contains("1 classes of", Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folder.Path })).Message);
        Assert.Contains(
            "have no training picture: dog",
            Assert.Throws<DatasetException>(() => DatasetLoader.Load(new DatasetOptions { Path = folders.Path })).Message
        );
    }

    [Fact]
    public void Load_Demo_IsTheSameEachTimeAndBalanced()
    {
        var options = new DatasetOptions { DemoTrainPerClass = 20, DemoValidationPerClass = 2 };

        var (first, second) = (DatasetLoader.Load(options), DatasetLoader.Load(options));
        var other = DatasetLoader.Load(
            new DatasetOptions
            {
                DemoTrainPerClass = 20,
                DemoValidationPerClass = 2,
                DemoSeed = 2,
            }
        );

        Assert.Equal((480, 48, 96, 24), (first.Train.Count, first.Validation.Count, first.Test.Count, first.ClassNames.Count));
        Assert.All(first.Train.Labels.GroupBy(label => label), group => Assert.Equal(20, group.Count()));
        Assert.All(Enumerable.Range(0, 480), i => Assert.Equal(first.Train.Get(i).Hash, second.Train.Get(i).Hash));
        Assert.NotEqual(first.Train.Get(0).Hash, other.Train.Get(0).Hash);
        Assert.Equal(480 + 48 + 96, first.Splits.SelectMany(split => Enumerable.Range(0, split.Count).Select(i => split.Get(i).Hash)).Distinct().Count());
        var hard = Enumerable.Range(0, 480).GroupBy(i => DemoDataset.HardnessOf(1, 0, i)).ToDictionary(group => group.Key, group => group.Count());
        Assert.All(new[] { DemoHardness.Noise, DemoHardness.Occlusion, DemoHardness.LookAlike }, kind => Assert.InRange(hard[kind], 30, 70));
    }

    [Fact]
    public void Get_CopyOfAPictureElsewhere_HasTheSameHash()
    {
        using var folder = WriteFolders(("train", 2), ("val", 1), ("test", 1));
        File.Copy(Path.Combine(folder.Path, "train", "cat", "0.png"), Path.Combine(folder.Path, "train", "dog", "zz-copy.png"));

        var train = DatasetLoader.Load(new DatasetOptions { Path = folder.Path }).Train;

        Assert.Equal(train.Get(0).Hash, train.Get(train.Count - 1).Hash);
    }

    private static List<string> Names(ImageSplit split) => [.. Enumerable.Range(0, split.Count).Select(split.NameOf)];

    private static TemporaryFolder WriteFolders(params (string Split, int PerClass)[] splits)
    {
        var folder = TestFiles.CreateFolder();
        foreach (var (split, perClass) in splits)
        {
            foreach (var (label, name) in new[] { "cat", "dog" }.Index())
            {
                var path = Directory.CreateDirectory(Path.Combine(folder.Path, split, name)).FullName;
                for (var i = 0; i < perClass; i++)
                    File.WriteAllBytes(Path.Combine(path, $"{i}.png"), Picture((byte)(100 * label + i)));
            }
        }

        return folder;
    }

    private static void Run(string command)
    {
        using var shell = Process.Start("bash", ["-c", command]);
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }

    // Writes the layout of datasets on the Hugging Face hub, with two classes.
    private static Task WriteParquetAsync(string path, params long[] labels) => WriteParquetAsync(path, Picture, labels);

    private static async Task WriteParquetAsync(string path, Func<byte, byte[]?> picture, long[] labels, params string[] names)
    {
        var (bytes, name, label) = (new DataField<byte[]>("bytes"), new DataField<string>("path"), new DataField<long>("label"));
        var schema = new ParquetSchema(new StructField("image", bytes, name), label);
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(schema, file);
        var features = new { label = new { names = names.Length > 0 ? names : ["cat", "dog"] } };
        writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = JsonSerializer.Serialize(new { info = new { features } }) };
        using var rows = writer.CreateRowGroup();
        await rows.WriteAsync(bytes, labels.Select((_, i) => picture((byte)i)).ToList());
        await rows.WriteAsync(name, labels.Select((_, i) => labels.Length > 1000 ? null : $"{i}.png").ToList());
        await rows.WriteAsync<long>(label, labels);
    }

    private static byte[] Picture(byte value)
    {
        using var bitmap = new SKBitmap(32, 32);
        bitmap.Erase(new SKColor(value, value, 7));
        return bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray();
    }
}
