using System.Text.Json;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Evaluation;
using Kd.Training.Reports;
using Kd.Training.Tasks;
using Kd.Vision.Checkpoints;

namespace Kd.Training.Tests.Evaluation;

[Collection(nameof(OneTrainer))]
public sealed class EvaluationTests
{
    // Roots p of (p - correct/images)^2 = z^2 p (1 - p)/images, solved as a quadratic with Python's NormalDist.
    [Theory]
    [InlineData(8, 10, 49.016, 94.332)]
    [InlineData(0, 20, 0, 16.113)]
    [InlineData(1663, 2000, 81.446, 84.727)]
    public void WilsonInterval_Counts_GivesTheKnownInterval(int correct, int images, double low, double high)
    {
        var interval = EvaluationResult.WilsonInterval(correct, images);
        Assert.Equal((low, high), (Math.Round(interval.Low, 3), Math.Round(interval.High, 3)));
    }

    // Two bins: four images of confidence 0.9, three right (|0.75 - 0.9| * 4/5), one of 0.3, wrong (0.3 * 1/5).
    [Fact]
    public void CalibrationError_TwoBins_IsTheWeightedDifference()
    {
        var error = new CalibrationError();
        foreach (var isCorrect in new[] { true, true, true, false })
            error.Add(0.9, isCorrect);
        error.Add(0.3, false);
        Assert.Equal(0.15 * 0.8 + 0.3 * 0.2, error.Value, 1e-9);
        Assert.Equal([1, 4], error.Bins.Where(bin => bin.Images > 0).Select(bin => bin.Images));
    }

    [Fact]
    public void EvaluationResult_Confusion_GivesCountsAndClassAccuracy()
    {
        var result = new EvaluationResult(
            ["a", "b", "c"],
            [
                [3, 1, 0],
                [0, 0, 0],
                [1, 1, 2],
            ],
            8,
            0,
            []
        );
        Assert.Equal((8, 5), (result.Images, result.Correct));
        Assert.Equal([75.0, null, 50.0], result.ClassAccuracy);
        Assert.Contains("5 of 8 test images correct: top-1 62.50%", CheckpointEvaluation.Format(result, "test"));
    }

    [Fact]
    public void Summarize_Values_GivesMeanAndSampleDeviation()
    {
        var (mean, deviation) = ResultTable.Summarize([80, 82, 87]);
        Assert.Equal(83, mean, 1e-9);
        Assert.Equal(Math.Sqrt(13), deviation, 1e-9);
    }

    [Fact]
    public async Task Run_TwoSeedsOfAMethod_GivesTheirMeanAndEvaluatesLater()
    {
        using var folder = TestFiles.CreateFolder();
        string[] settings = ["--Distillation:Method=labels", "--Training:LearningRate=0.01", "--Training:Epochs=6"];

        var (exitCode, _) = await TrainerRuns.RunAsync(folder.Path, "seeds", CancellationToken.None, [.. settings, "--Run:Seeds=2"]);
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "second", [.. settings, "--Run:Seed=2"]));

        Assert.Equal(0, exitCode);
        var rows = JsonSerializer.Deserialize<List<RunResult>>(File.ReadAllText(folder.File("seeds/study.json")), JsonSerializerOptions.Web)!;
        Assert.Equal([1, 2], rows.Select(row => row.Seed));
        var (mean, deviation) = ResultTable.Summarize([.. rows.Select(row => row.TestAccuracy)]);
        Assert.Contains(FormattableString.Invariant($"{mean:F2} ({deviation:F2})"), File.ReadAllText(folder.File("seeds/study.md")));
        // A repetition is the run of its seed.
        Assert.Equal(File.ReadAllBytes(folder.File("second/student.safetensors")), File.ReadAllBytes(folder.File("seeds/labels/seed2/student.safetensors")));
        Assert.True(File.Exists(folder.File("second/student.onnx")));

        var (evaluated, text) = await TrainerRuns.RunAsync(
            folder.Path,
            "",
            CancellationToken.None,
            [.. settings, "--Run:Task=evaluate", $"--Run:Checkpoint={folder.File("second/student.safetensors")}"]
        );
        Assert.Equal(0, evaluated);
        Assert.Contains($"{rows[1].Correct} of 96 test images correct", text);
        var weights = Checkpoint.Read(folder.File("second/student.safetensors"));
        var others = string.Join('\n', weights.ClassNames!.SkipLast(1).Append("zebra"));
        SafetensorsFile.Write(folder.File("others.safetensors"), weights.Tensors, new Dictionary<string, string> { [Checkpoint.ClassesKey] = others });
        var (otherCode, otherClasses) = await TrainerRuns.RunAsync(
            folder.Path,
            "",
            CancellationToken.None,
            [.. settings, "--Run:Task=evaluate", $"--Run:Checkpoint={folder.File("others.safetensors")}"]
        );
        Assert.Equal(2, otherCode);
        Assert.Contains("'zebra'", otherClasses);
        var (missing, message) = await TrainerRuns.RunAsync(folder.Path, "", CancellationToken.None, [.. settings, "--Run:Task=evaluate"]);
        Assert.Equal(2, missing);
        Assert.Contains("Run:Checkpoint is not set", message);
    }
}
