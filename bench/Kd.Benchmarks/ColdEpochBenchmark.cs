extern alias trainer;
using trainer::Kd.Training.Artifacts;

namespace Kd.Benchmarks;

/// <summary>Benchmark of epochs whose views the teacher has not labeled yet.</summary>
internal static class ColdEpochBenchmark
{
    /// <summary>
    /// Measures the time of an epoch with an empty cache, relative to that of a warm one and of the passes of its views alone; less is better. The whole
    /// system runs: each of the first epochs has a view of its own of each picture, all later ones find their views in the cache.
    /// </summary>
    public static async Task<Ratio> RunAsync(BenchmarkSize size)
    {
        var views = size.Choose(6, 4, 2);
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            await BenchProcess.RunHostAsync(
                "--Run:Study=none",
                "--Run:Id=run",
                "--Distillation:Method=kd",
                $"--Run:Folder={folder.FullName}",
                $"--Views:PerSample={views}",
                $"--Training:Epochs={2 * views}",
                $"--Dataset:DemoTrainPerClass={size.Choose(100, 50, 2)}",
                "--Dataset:DemoValidationPerClass=1",
                $"--Student:Width={size.Choose("0.25", "0.25", "0.1")}"
            );
            using var run = RunFolder.Open(Path.Combine(folder.FullName, "run"));
            var epochs = run.ReadMetrics();
            // Not the first one, with just-in-time compilation and the stack's start, nor the one in which views begin to repeat.
            var cold = Milliseconds(epochs.Where(epoch => epoch.Epoch > 0 && epoch.Epoch < views));
            var warm = Milliseconds(epochs.Where(epoch => epoch.Epoch > views));
            var pass = 1000 / await ServingBenchmarks.PassRateAsync(size);
            return new Ratio(
                "cold-epoch",
                cold / (warm + pass),
                1.1,
                $"cold {cold:F2}, warm {warm:F2}, the teacher's pass alone {pass:F2} ms an image (demo student and teacher); at most the goal is good"
            );
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double Milliseconds(IEnumerable<EpochMetrics> epochs)
    {
        var rates = epochs.Select(epoch => epoch.ImagesPerSecond).Order().ToList();
        return 1000 / rates[rates.Count / 2];
    }
}
