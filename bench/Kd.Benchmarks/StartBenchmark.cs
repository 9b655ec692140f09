using System.Diagnostics;

namespace Kd.Benchmarks;

/// <summary>Measures the time from <c>dotnet run</c> to the first step of a run with teacher, cache and agent.</summary>
internal static class StartBenchmark
{
    /// <summary>Variable with the folder of another checkout, built in Debug, such as one of an earlier version. Default: this one.</summary>
    public const string BeforeVariable = "KD_BEFORE";

    /// <summary>Measures the time that the other checkout takes, relative to that of this one.</summary>
    public static async Task<Ratio> RunAsync(BenchmarkSize size)
    {
        var other = Environment.GetEnvironmentVariable(BeforeVariable);
        var (before, now) = await Alternating.MeasureAsync(
            size.Choose(5, 3, 1),
            () => FirstStepAsync(other ?? BenchProcess.Root, size),
            () => FirstStepAsync(BenchProcess.Root, size)
        );
        return new Ratio("start", before / now, 2, $"first step {before:F1} s after dotnet run in {other ?? "this checkout"}, {now:F1} s in this checkout");
    }

    private static async Task<double> FirstStepAsync(string checkout, BenchmarkSize size)
    {
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            var checkpoint = Path.Combine(folder.FullName, "run", "checkpoint.safetensors");
            var started = Stopwatch.GetTimestamp();
            // A smoke run is one of many tests, and a build would replace programs that others run.
            var noBuild = size.Choose<string[]>([], [], ["--no-build"]);
            var run = BenchProcess.RunAsync(
                "run",
                [
                    "--project",
                    Path.Combine(checkout, "src", "Kd.AppHost"),
                    .. noBuild,
                    "--",
                    $"--Run:Folder={folder.FullName}",
                    "--Run:Id=run",
                    "--Run:Stay=false",
                    "--Run:Study=none",
                    "--Run:CheckpointEvery=00:00:00.01",
                    "--Distillation:Method=kd",
                    "--Training:Epochs=1",
                    $"--Dataset:DemoTrainPerClass={size.Choose(25, 25, 2)}",
                    $"--Dataset:DemoValidationPerClass={size.Choose(25, 25, 1)}",
                ]
            );
            while (!File.Exists(checkpoint) && !run.IsCompleted)
                await Task.Delay(5);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            // The next measurement must not run beside the rest of this one.
            await run;
            return seconds;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
