using System.Text.Json;
using Kd.Settings;
using Kd.Tests;
using Kd.Training.Configuration;
using Kd.Training.Diagnostics;
using Kd.Training.Tasks;
using Kd.Vision.Datasets;
using Kd.Vision.Export;
using Kd.Vision.Imaging;
using Kd.Vision.Models;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using static TorchSharp.torch;

namespace Kd.Training.Tests.Tasks;

[Collection(nameof(OneTrainer))]
public sealed class PredictionTests
{
    private static readonly string[] s_classes = ["cat", "dog, small", "\"owl\""];

    public PredictionTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData(OnnxInput.Normalized, 32, true)]
    [InlineData(OnnxInput.Pixels, 32, true)]
    [InlineData(OnnxInput.Normalized, 48, false)]
    public void Execute_FolderOfPictures_WritesTheProbabilitiesOfTheNetwork(OnnxInput input, int size, bool small)
    {
        using var folder = TestFiles.CreateFolder();
        using var scope = NewDisposeScope();
        using var network = ModelCatalog.Create("mobilenet_v2", s_classes.Length, seed: 5, width: 0.1, smallImages: true);
        OnnxFile.Write(folder.File("student.onnx"), network, s_classes, input, new ViewPlanner(size, small, seed: 1));
        // More than a batch, in two folders, of another size than a view where they may be.
        for (var i = 0; i < 70; i++)
            WritePicture(folder.File($"pictures/{i % 2}/{i:D2}.png"), small ? 32 : 60, small ? 32 : 50, i);

        var said = new Prediction(Configuration(folder), TimeProvider.System).Execute(CancellationToken.None);

        Assert.StartsWith("70 of 70 pictures classified, ", said);
        var rows = Objects(folder);
        Assert.Equal(70, rows.Count);
        Assert.EndsWith("pictures/0/00.png", rows[0].GetProperty("file").GetString());
        Assert.EndsWith("pictures/1/69.png", rows[69].GetProperty("file").GetString());
        network.eval();
        using var _ = no_grad();
        foreach (var row in rows.Where((_, index) => index % 10 == 0))
        {
            var expected = Probabilities(network, row.GetProperty("file").GetString()!, new ViewPlanner(size, small, seed: 1));
            var classes = row.GetProperty("classes").EnumerateArray().ToList();
            Assert.Equal(2, classes.Count);
            foreach (var (rank, index) in expected.Index().OrderByDescending(entry => entry.Item).Take(2).Select((entry, rank) => (rank, entry.Index)))
            {
                Assert.Equal(s_classes[index], classes[rank].GetProperty("class").GetString());
                Assert.Equal(expected[index], classes[rank].GetProperty("probability").GetSingle(), 1e-5f);
            }
        }
    }

    [Fact]
    public void Execute_NamesWithCommasAndCorruptPictures_AreWholeLinesOfTheTable()
    {
        using var folder = TestFiles.CreateFolder();
        WriteStudent(folder);
        WritePicture(folder.File("pictures/a, b.png"), 32, 32, 1);
        File.WriteAllBytes(folder.File("pictures/broken.png"), [1, 2, 3]);
        WritePicture(folder.File("pictures/large.png"), 100, 80, 2);

        var said = new Prediction(Configuration(folder), TimeProvider.System).Execute(CancellationToken.None);

        Assert.Contains("2 of 3 pictures classified", said);
        Assert.Contains("1 cannot be decoded", said);
        var lines = File.ReadAllLines(Directory.GetFiles(folder.File("runs/predictions"), "*.csv").Single());
        Assert.Equal("file,class_1,probability_1,class_2,probability_2,error", lines[0]);
        Assert.StartsWith($"\"{folder.File("pictures/a, b.png")}\",", lines[1]);
        Assert.EndsWith(",", lines[1]);
        Assert.StartsWith($"{folder.File("pictures/broken.png")},,,,,", lines[2]);
        Assert.Contains("broken.png", lines[2][(folder.File("pictures/broken.png").Length + 1)..]);
        Assert.Equal(4, lines.Length);
    }

    [Fact]
    public void Execute_SettingsThatAreWrong_NameThemAndTheWayOut()
    {
        using var folder = TestFiles.CreateFolder();
        WriteStudent(folder);
        Directory.CreateDirectory(folder.File("pictures"));
        File.WriteAllText(folder.File("other.onnx"), "no model");
        OnnxFile.Write(folder.File("plain.onnx"), ModelCatalog.Create("mobilenet_v2", 2, seed: 5, width: 0.1), ["a", "b"], OnnxInput.Normalized);

        Assert.Contains("needs Run:Checkpoint", Refused<TrainingException>(run => run.Checkpoint = null));
        Assert.Contains("needs Run:Pictures", Refused<TrainingException>(run => run.Pictures = ""));
        Assert.StartsWith(
            $"Run:Checkpoint: '{folder.File("other.onnx")}' cannot be read as ONNX",
            Refused<TrainingException>(run => run.Checkpoint = folder.File("other.onnx"))
        );
        Assert.Contains("cannot be read as ONNX", Refused<TrainingException>(run => run.Checkpoint = folder.File("nowhere.onnx")));
        Assert.Contains("is not a student.onnx of this program", Refused<TrainingException>(run => run.Checkpoint = folder.File("plain.onnx")));
        Assert.Contains("Run:Pictures '", Refused<DatasetException>(_ => { }));

        string Refused<T>(Action<RunOptions> change)
            where T : Exception
        {
            var configuration = Configuration(folder);
            change(configuration.Run);
            return Assert.Throws<T>(() => new Prediction(configuration, TimeProvider.System).Execute(CancellationToken.None)).Message;
        }
    }

    // As a user does, with both files of a run: evaluate loads the weights, predict the ONNX file.
    [Fact]
    public async Task Execute_StudentOfARun_IsRightAsOftenAsItsWeights()
    {
        using var folder = TestFiles.CreateFolder();
        // Red, green and blue pictures, which a student tells apart with any seed.
        foreach (var split in new[] { "train", "val", "test" })
        foreach (var (color, name) in new[] { "a", "k", "z" }.Index())
            for (var i = 0; i < 8; i++)
                WritePicture(folder.File($"{split}/{name}/{i}.png"), 32, 32, seed: i, color);
        string[] settings = [$"--Dataset:Path={folder.Path}", "--Distillation:Method=labels", "--Training:BatchSize=12", "--Training:Epochs=60"];
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.File("runs"), "run", [.. settings, "--Training:LearningRate=0.003"]));

        var (exitCode, predicted) = await Run("predict", $"--Run:Checkpoint={folder.File("runs/run/student.onnx")}", $"--Run:Pictures={folder.File("train")}");
        var (_, evaluated) = await Run("evaluate", $"--Run:Checkpoint={folder.File("runs/run/student.safetensors")}", "--Run:Split=train");

        Assert.True(exitCode == 0, predicted);
        Assert.Contains("24 of 24 pictures classified", predicted);
        var guesses = Objects(folder).ConvertAll(row => (Class: row.GetProperty("file").GetString()!.Split('/')[^2], Guess: First(row)));
        Assert.Contains($"{guesses.Count(entry => entry.Class == entry.Guess)} of 24 train images correct", evaluated);
        Assert.True(guesses.DistinctBy(entry => entry.Guess).Count() > 1, "the student learned too little to tell a wrong picture");

        Task<(int ExitCode, string Output)> Run(string task, params string[] more) =>
            TrainerRuns.RunAsync(folder.File("runs"), "none", TestContext.Current.CancellationToken, [.. settings, $"--Run:Task={task}", .. more]);

        static string First(JsonElement row) => row.GetProperty("classes")[0].GetProperty("class").GetString()!;
    }

    private static RunConfiguration Configuration(TemporaryFolder folder)
    {
        var configuration = RunConfiguration.CreateDefault();
        (configuration.Run.Folder, configuration.Run.Checkpoint) = (folder.File("runs"), folder.File("student.onnx"));
        (configuration.Run.Pictures, configuration.Run.Top) = (folder.File("pictures"), 2);
        return configuration;
    }

    private static List<JsonElement> Objects(TemporaryFolder folder) =>
        [
            .. File.ReadLines(Directory.GetFiles(folder.File("runs/predictions"), "*.jsonl").Single())
                .Select(line => JsonDocument.Parse(line).RootElement.Clone()),
        ];

    private static void WriteStudent(TemporaryFolder folder)
    {
        using var network = ModelCatalog.Create("mobilenet_v2", s_classes.Length, seed: 5, width: 0.1, smallImages: true);
        OnnxFile.Write(folder.File("student.onnx"), network, s_classes, OnnxInput.Normalized, new ViewPlanner(32, small: true, seed: 1));
    }

    private static float[] Probabilities(nn.Module<Tensor, Tensor> network, string file, ViewPlanner views)
    {
        var image = ImageDecoder.Decode(File.ReadAllBytes(file), file, 1_000_000);
        var pixels = new byte[ViewRenderer.ByteCount(views.Size)];
        ViewRenderer.Render(image, views.Evaluation(image.Width, image.Height), pixels);
        return network.call(Normalization.ToInput(pixels, 1, views.Size, CPU)).softmax(1).data<float>().ToArray();
    }

    // A pattern, brighter in one color if one is given.
    private static void WritePicture(string path, int width, int height, int seed, int? color = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var pixels = Enumerable.Range(0, 3 * width * height).Select(i => (byte)((i * (seed + 3)) ^ (i >> 4))).ToArray();
        if (color is { } bright)
            pixels = [.. pixels.Select((value, i) => (byte)(value / 2 + (i % 3 == bright ? 127 : 0)))];
        File.WriteAllBytes(path, PngFile.Encode(new RgbImage(width, height, pixels)));
    }
}
