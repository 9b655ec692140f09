using System.Text.Json;
using Kd.Tests;

namespace Kd.Training.Tests.Runs;

[Collection(nameof(OneTrainer))]
public sealed class MemoryTests
{
    [Fact]
    public async Task Run_EightyEpochs_HardlyGrows()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        using var trainer = TrainerRuns.StartProcess(
            folder.Path,
            "run",
            "--Distillation:Method=kd",
            "--Training:Epochs=140",
            "--Dataset:DemoTrainPerClass=16",
            "--Dataset:DemoValidationPerClass=4",
            "--Views:PerSample=2",
            "--Student:Width=0.1",
            "--Student:Form=Standard",
            "--Training:BatchSize=32",
            "--Run:Threads=1",
            $"--TeacherClient:Address={teacher.Grpc}"
        );
        await trainer.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(4), TestContext.Current.CancellationToken);

        Assert.Equal(0, trainer.ExitCode);
        var sizes = File.ReadLines(folder.File("run/metrics.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("memoryBytes").GetInt64())
            .ToList();
        Assert.Equal(140, sizes.Count);
        TestContext.Current.TestOutputHelper?.WriteLine($"MiB by epoch: {string.Join(' ', sizes.Select(size => size >> 20))}");
        // Without the first epochs, in which code is compiled and heaps find their size: of 331 MiB after 500 epochs, 322 are there after 10 and 331 after 40.
        // Means of twenty epochs: a size in between two garbage collections is chance.
        Assert.InRange(sizes[120..].Average() / sizes[40..60].Average(), 0.5, 1.03);
    }
}
