extern alias trainer;
using System.Diagnostics;
using Kd.Settings;
using trainer::Kd.Training.Batches;
using trainer::Kd.Training.Configuration;
using trainer::Kd.Training.Students;

namespace Kd.Benchmarks;

/// <summary>Benchmarks of the training loop.</summary>
internal static class TrainingBenchmarks
{
    private const int Classes = 100;

    /// <summary>Measures the epoch time of kd with a warm cache and the real service, relative to that of labels; less is better.</summary>
    /// <remarks>
    /// Both in one process, with threads for all cores: the trainer's own cost. <see cref="WarmSystemBenchmark"/> measures real processes with a dashboard.
    /// </remarks>
    public static async Task<Ratio> WarmEpochAsync(BenchmarkSize size)
    {
        await using var service = await BenchTeacher.StartAsync("--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random");
        await using var trainer = new BenchTrainer(
            BenchTeacher.Address,
            "--Views:PerSample=1",
            "--Dataset:DemoValidationPerClass=1",
            $"--Student:Width={size.Choose("0.5", "0.25", "0.1")}",
            $"--Training:BatchSize={size.Choose(64, 64, 8)}",
            $"--Training:Epochs={size.Choose(5, 3, 2)}",
            $"--Dataset:DemoTrainPerClass={size.Choose(25, 25, 1)}"
        );
        var images = trainer.Open().Dataset.Train.Count;
        // The first run of each includes just-in-time compilation and fills the cache.
        trainer.MeasureEpoch(Methods.Labels);
        trainer.MeasureEpoch(Methods.Kd);
        var (labels, kd) = await Alternating.MeasureAsync(
            size.Choose(5, 3, 1),
            () => Task.Run(() => trainer.MeasureEpoch(Methods.Labels)),
            () => Task.Run(() => trainer.MeasureEpoch(Methods.Kd))
        );
        return new Ratio("warm-epoch", kd / labels, 1.03, $"labels {labels:F2} s, kd {kd:F2} s an epoch of {images} images; at most the goal is good");
    }

    /// <summary>Measures PyTorch's step time relative to ours: mobilenet_v2, 64 px, batch 64; null if python3-torch is not installed.</summary>
    public static async Task<Ratio?> StepAsync(BenchmarkSize size)
    {
        var (rounds, steps) = size.Choose((7, 8), (3, 4), (1, 1));
        var (count, side) = Shape(size);
        using var peer = await PyTorchPeer.StartAsync("student_step.py", count, side, steps);
        if (peer is null)
            return null;
        using var student = CreateStudent(TrainingPrecision.Float32, side);
        var batch = CreateBatch(count, side);
        student.Step(batch, new TrainingProgress(0, 4));
        var (theirs, ours) = await Alternating.MeasureAsync(rounds, peer.MeasureAsync, () => Task.FromResult(Time(student, batch, steps)));
        return new Ratio("step", theirs / ours, 3, $"PyTorch {1000 * theirs:F0} ms, ours {1000 * ours:F0} ms a step, from uint8 pixels");
    }

    /// <summary>Measures the step time in float32 relative to that with Training:Precision=BFloat16: mobilenet_v2, 64 px, batch 64.</summary>
    public static async Task<Ratio> MixedPrecisionAsync(BenchmarkSize size)
    {
        var (rounds, steps) = size.Choose((7, 8), (3, 4), (1, 1));
        var (count, side) = Shape(size);
        var batch = CreateBatch(count, side);
        using var single = CreateStudent(TrainingPrecision.Float32, side);
        using var mixed = CreateStudent(TrainingPrecision.BFloat16, side);
        single.Step(batch, new TrainingProgress(0, 4));
        mixed.Step(batch, new TrainingProgress(0, 4));
        var (slow, fast) = await Alternating.MeasureAsync(
            rounds,
            () => Task.FromResult(Time(single, batch, steps)),
            () => Task.FromResult(Time(mixed, batch, steps))
        );
        return new Ratio("mixed-precision", slow / fast, 1, $"float32 {1000 * slow:F0} ms, bfloat16 {1000 * fast:F0} ms a step");
    }

    /// <summary>Measures the time of a step on full views of 224 px relative to one on inputs of 0.625 of that size: mobilenet_v2, batch 32.</summary>
    public static Ratio Resolution(BenchmarkSize size)
    {
        var (rounds, steps) = size.Choose((5, 3), (3, 1), (1, 1));
        var (count, side) = size.Choose((32, 224), (32, 224), (2, 32));
        using var student = CreateStudent(TrainingPrecision.Float32, side);
        var batch = CreateBatch(count, side);
        double[] scales = [1, 0.875, 0.75, 0.625];
        var times = scales.ToDictionary(scale => scale, _ => new List<double>());
        foreach (var scale in scales)
            Time(student, batch, 1, scale);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var scale in scales)
                times[scale].Add(Time(student, batch, steps, scale));
        }

        var medians = scales.ToDictionary(scale => scale, scale => times[scale].Order().ElementAt(rounds / 2));
        var parts = scales.Select(scale => $"{Math.Round(scale * side)} px {1000 * medians[scale]:F0} ms ({medians[scale] / medians[1]:F2})");
        return new Ratio("resolution", medians[1] / medians[0.625], 2.2, $"a step at {string.Join(", ", parts)}; the ratio of the pixels is 2.56");
    }

    /// <summary>Measures the time from process start to first step after a kill, relative to that without a checkpoint; less is better.</summary>
    public static async Task<Ratio> ResumeAsync(BenchmarkSize size)
    {
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            var run = 0;
            var (fresh, resumed) = await Alternating.MeasureAsync(
                size.Choose(5, 3, 1),
                () => FirstStepAsync(Path.Combine(folder.FullName, $"{++run}"), size),
                () => FirstStepAsync(Path.Combine(folder.FullName, $"{run}"), size)
            );
            return new Ratio(
                "resume",
                resumed / fresh,
                1.5,
                $"first step {fresh:F2} s after a start without a checkpoint, {resumed:F2} s after a kill; at most the goal is good"
            );
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Starts the trainer, waits for the checkpoint that follows its first step, and kills it.
    private static async Task<double> FirstStepAsync(string folder, BenchmarkSize size)
    {
        var checkpoint = Path.Combine(folder, "run", "checkpoint.safetensors");
        var before = File.Exists(checkpoint) ? File.GetLastWriteTimeUtc(checkpoint) : DateTime.MinValue;
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(
            new ProcessStartInfo(
                "dotnet",
                [
                    BenchProcess.Trainer,
                    .. BenchProcess.Addresses(),
                    $"--Run:Folder={folder}",
                    "--Run:Id=run",
                    "--Distillation:Method=labels",
                    "--Run:CheckpointEvery=00:00:00.01",
                    $"--Dataset:DemoTrainPerClass={size.Choose(25, 25, 2)}",
                    $"--Training:BatchSize={size.Choose(32, 32, 4)}",
                    $"--Student:Width={size.Choose("1", "1", "0.1")}",
                ]
            )
            {
                RedirectStandardOutput = true,
            }
        )!;
        _ = process.StandardOutput.ReadToEndAsync();
        while (!File.Exists(checkpoint) || File.GetLastWriteTimeUtc(checkpoint) <= before)
        {
            if (process.HasExited)
                throw new InvalidOperationException($"The trainer ended with {process.ExitCode} before its first step.");
            await Task.Delay(5);
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        process.Kill();
        await process.WaitForExitAsync();
        return seconds;
    }

    private static (int Batch, int Side) Shape(BenchmarkSize size) => size.Choose((64, 64), (64, 64), (2, 32));

    private static Student CreateStudent(TrainingPrecision precision, int side) =>
        Student.Create(
            RunConfiguration.CreateDefault() with
            {
                Student = new StudentOptions { Form = StudentForm.Standard },
                // The optimizer of the PyTorch program.
                Training = new TrainingOptions
                {
                    Precision = precision,
                    Optimizer = "adam",
                    LearningRate = 1e-3,
                    WeightDecay = 1e-4,
                    DecayNorms = true,
                    GradientClip = 0,
                },
                Device = "cpu",
            },
            Methods.Labels,
            Classes,
            side
        );

    private static ReadyBatch CreateBatch(int count, int side) =>
        new()
        {
            Samples = [.. Enumerable.Range(0, count)],
            Labels = [.. Enumerable.Range(0, count).Select(i => (long)i % Classes)],
            Pixels = new byte[count * 3 * side * side],
            ViewSize = side,
        };

    private static double Time(Student student, ReadyBatch batch, int steps, double scale = 1)
    {
        var started = Stopwatch.GetTimestamp();
        for (var step = 0; step < steps; step++)
            student.Step(batch, new TrainingProgress(0, 4) { Scale = scale });
        return Stopwatch.GetElapsedTime(started).TotalSeconds / steps;
    }
}
