extern alias trainer;
using trainer::Kd.Training.Artifacts;

namespace Kd.Benchmarks;

/// <summary>Benchmark of what teacher, cache, host and dashboard cost a run whose views are all labeled.</summary>
internal static class WarmSystemBenchmark
{
    /// <summary>
    /// Measures the time of an epoch of kd with a warm cache, in the whole system with its dashboard, relative to one of labels in a trainer that runs
    /// alone and sends no telemetry, both with one thread; less is better.
    /// </summary>
    public static async Task<Ratio> RunAsync(BenchmarkSize size)
    {
        var (kd, labels) = await Alternating.MeasureAsync(
            size.Choose(5, 3, 1),
            () => EpochAsync(size, "kd", settings => BenchProcess.RunHostAsync([.. settings, "--Run:Study=none"])),
            () => EpochAsync(size, "labels", settings => BenchProcess.RunAsync(BenchProcess.Trainer, [.. settings, .. BenchProcess.Addresses()]))
        );
        return new Ratio(
            "warm-epoch-system",
            kd / labels,
            1.03,
            $"labels in a trainer alone {labels:F2} s, kd in the whole system with its dashboard {kd:F2} s an epoch; at most the goal is good"
        );
    }

    private static async Task<double> EpochAsync(BenchmarkSize size, string method, Func<string[], Task> run)
    {
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            await run([
                $"--Run:Folder={folder.FullName}",
                "--Run:Id=run",
                "--Run:Threads=1",
                $"--Distillation:Method={method}",
                "--Views:PerSample=1",
                $"--Training:Epochs={size.Choose(12, 10, 4)}",
                "--Training:BatchSize=32",
                "--Training:LearningRate=0.1",
                $"--Dataset:DemoTrainPerClass={size.Choose(50, 25, 2)}",
                "--Dataset:DemoValidationPerClass=1",
                $"--Student:Width={size.Choose("0.25", "0.25", "0.1")}",
            ]);
            using var opened = RunFolder.Open(Path.Combine(folder.FullName, "run"));
            // Not the first ones: just-in-time compilation, and views that are not labeled yet.
            var seconds = opened.ReadMetrics().Skip(3).Select(epoch => epoch.Seconds).Order().ToList();
            return seconds[seconds.Count / 2];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
