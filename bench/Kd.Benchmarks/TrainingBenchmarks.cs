extern alias trainer;

using System.Diagnostics;
using trainer::Kd.StudentTrainer.Batches;
using trainer::Kd.StudentTrainer.Runs;
using trainer::Kd.StudentTrainer.Training;

namespace Kd.Benchmarks;

/// <summary>The training loop.</summary>
internal static class TrainingBenchmarks
{
    private const int Classes = 100;

    /// <summary>Epoch time of kd with a warm cache through the real service over that of labels; less is better.</summary>
    /// <remarks>
    /// With OTEL_EXPORTER_OTLP_ENDPOINT in the environment trainer and teacher export traces, metrics and logs meanwhile. In one process each of
    /// them also exports what the other one emits, so a real start pays less for it.
    /// </remarks>
    public static async Task<Ratio> WarmEpochAsync(BenchmarkSize size)
    {
        await using var service = await BenchService.StartAsync("--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random");
        await using var trainer = new BenchTrainer(
            BenchService.Address,
            "--Views:PerSample=1",
            "--Dataset:DemoValidationPerClass=1",
            $"--Student:Width={size.Choose("0.5", "0.25", "0.1")}",
            $"--Training:BatchSize={size.Choose(64, 64, 8)}",
            $"--Training:Epochs={size.Choose(5, 3, 2)}",
            $"--Dataset:DemoTrainPerClass={size.Choose(25, 25, 1)}"
        );
        var context = await trainer.CreateContextAsync();
        // The first run of each pays the just-in-time compiler and fills the cache.
        Epoch(context, Methods.Labels);
        Epoch(context, Methods.Kd);
        var (labels, kd) = await Turns.MeasureAsync(
            size.Choose(5, 3, 1),
            () => Task.Run(() => Epoch(context, Methods.Labels)),
            () => Task.Run(() => Epoch(context, Methods.Kd))
        );
        return new Ratio(
            "warm-epoch",
            kd / labels,
            1.03,
            $"labels {labels:F2} s, kd {kd:F2} s an epoch of {context.Dataset.Train.Count} images; at most the goal is good"
        );
    }

    /// <summary>PyTorch's step time over ours: mobilenet_v2, 64 px, batch 64; null where python3-torch is not installed.</summary>
    public static async Task<Ratio?> StepAsync(BenchmarkSize size)
    {
        var (rounds, steps) = size.Choose((7, 8), (3, 4), (1, 1));
        var (count, side) = Shape(size);
        using var peer = await PyTorchPeer.StartAsync("student_step.py", count, side, steps);
        if (peer is null)
            return null;
        var configuration = new RunConfiguration(
            new(),
            new(),
            new(),
            new StudentOptions { Form = StudentForm.Standard },
            new(),
            new(),
            new(),
            new(),
            new(),
            "cpu"
        );
        using var student = Student.Create(configuration, Methods.Labels, Classes, side);
        var batch = CreateBatch(count, side);
        student.Step(batch, new Moment(0, 4));
        var (theirs, ours) = await Turns.MeasureAsync(rounds, peer.MeasureAsync, () => Task.FromResult(Time(student, batch, steps)));
        return new Ratio("step", theirs / ours, 1.3, $"PyTorch {1000 * theirs:F0} ms, ours {1000 * ours:F0} ms a step, from uint8 pixels");
    }

    /// <summary>Step time in float32 over that in mixed precision, mobilenet_v2, 64 px, batch 64: what Training:Precision=BFloat16 is worth on this device.</summary>
    public static async Task<Ratio> MixedPrecisionAsync(BenchmarkSize size)
    {
        var (rounds, steps) = size.Choose((7, 8), (3, 4), (1, 1));
        var (count, side) = Shape(size);
        var batch = CreateBatch(count, side);
        using var single = Create(TrainingPrecision.Float32, side);
        using var mixed = Create(TrainingPrecision.BFloat16, side);
        single.Step(batch, new Moment(0, 4));
        mixed.Step(batch, new Moment(0, 4));
        var (slow, fast) = await Turns.MeasureAsync(
            rounds,
            () => Task.FromResult(Time(single, batch, steps)),
            () => Task.FromResult(Time(mixed, batch, steps))
        );
        return new Ratio("mixed-precision", slow / fast, 1, $"float32 {1000 * slow:F0} ms, bfloat16 {1000 * fast:F0} ms a step");

        static Student Create(TrainingPrecision precision, int side) =>
            Student.Create(
                new RunConfiguration(
                    new(),
                    new(),
                    new(),
                    new StudentOptions { Form = StudentForm.Standard },
                    new TrainingOptions { Precision = precision },
                    new(),
                    new(),
                    new(),
                    new(),
                    "cpu"
                ),
                Methods.Labels,
                Classes,
                side
            );
    }

    /// <summary>Time from the start of the process to its first step after a kill, over that without a checkpoint; less is better.</summary>
    public static async Task<Ratio> ResumeAsync(BenchmarkSize size)
    {
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            var run = 0;
            var (fresh, resumed) = await Turns.MeasureAsync(
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
                    Path.Combine(AppContext.BaseDirectory, "Kd.StudentTrainer.dll"),
                    $"--urls=http://127.0.0.1:{Ports.Take()}",
                    $"--Service:Key={BenchService.Key}",
                    $"--Run:Folder={folder}",
                    "--Run:Id=run",
                    "--Distillation:Method=labels",
                    "--Run:CheckpointEvery=00:00:00.01",
                    $"--Dataset:DemoTrainPerClass={size.Choose(25, 25, 2)}",
                    $"--Training:BatchSize={size.Choose(32, 32, 4)}",
                    $"--Student:Width={size.Choose("1", "1", "0.1")}",
                    $"--Endpoints:GrpcPort={Ports.Take()}",
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

    private static double Epoch(RunContext context, string method)
    {
        var path = Directory.CreateTempSubdirectory("kd-bench-").FullName;
        try
        {
            using var folder = RunFolder.Open(path);
            new TrainingRun(context, method, folder).Execute(CancellationToken.None);
            return folder.ReadMetrics().Skip(1).Select(epoch => epoch.Seconds).Order().ElementAt((folder.ReadMetrics().Count - 1) / 2);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static (int Batch, int Side) Shape(BenchmarkSize size) => size.Choose((64, 64), (64, 64), (2, 32));

    private static ReadyBatch CreateBatch(int count, int side) =>
        new([.. Enumerable.Range(0, count)], [.. Enumerable.Range(0, count).Select(i => (long)i % Classes)], new byte[count * 3 * side * side], side, null);

    private static double Time(Student student, ReadyBatch batch, int steps)
    {
        var started = Stopwatch.GetTimestamp();
        for (var step = 0; step < steps; step++)
            student.Step(batch, new Moment(0, 4));
        return Stopwatch.GetElapsedTime(started).TotalSeconds / steps;
    }
}
