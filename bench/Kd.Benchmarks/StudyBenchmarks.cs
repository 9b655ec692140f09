extern alias trainer;
using System.Diagnostics;
using trainer::Kd.Training.Artifacts;

namespace Kd.Benchmarks;

/// <summary>Benchmarks of processes that train at the same time on one machine.</summary>
internal static class StudyBenchmarks
{
    /// <summary>Measures the time of the README's study with one process that trains, relative to that with the default.</summary>
    public static async Task<Ratio> StudyAsync(BenchmarkSize size)
    {
        var settings = size.Choose<string[]>(
            [],
            ["--Training:Epochs=6"],
            ["--Training:Epochs=1", "--Dataset:DemoTrainPerClass=2", "--Dataset:DemoValidationPerClass=1", "--Student:Width=0.1"]
        );
        var one = await RunHostAsync([.. settings, "--Run:Workers=1"]);
        var several = await RunHostAsync(settings);
        return new Ratio("study", one / several, 1.5, $"one process {one:F0} s, default {several:F0} s, from start to table");
    }

    /// <summary>Measures the images/s of two runs of one machine together, each with a whole system, relative to those of one alone.</summary>
    public static async Task<Ratio> NeighborsAsync(BenchmarkSize size)
    {
        var (together, alone) = await Alternating.MeasureAsync(
            size.Choose(3, 1, 1),
            async () => (await Task.WhenAll(ImagesPerSecondAsync(size), ImagesPerSecondAsync(size))).Sum(),
            () => ImagesPerSecondAsync(size)
        );
        return new Ratio("neighbors", together / alone, 0.9, $"two together {together:F0}, one alone {alone:F0} images/s (kd, warm, demo)");
    }

    private static async Task<double> RunHostAsync(string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            var started = Stopwatch.GetTimestamp();
            await BenchProcess.RunHostAsync([.. settings, $"--Run:Folder={folder.FullName}"]);
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<double> ImagesPerSecondAsync(BenchmarkSize size)
    {
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            await BenchProcess.RunHostAsync(
                $"--Run:Folder={folder.FullName}",
                "--Run:Id=run",
                "--Run:Study=none",
                "--Distillation:Method=kd",
                "--Views:PerSample=1",
                $"--Training:Epochs={size.Choose(16, 10, 4)}",
                $"--Dataset:DemoTrainPerClass={size.Choose(50, 25, 2)}",
                "--Dataset:DemoValidationPerClass=1",
                $"--Student:Width={size.Choose("0.25", "0.25", "0.1")}"
            );
            using var run = RunFolder.Open(Path.Combine(folder.FullName, "run"));
            // Not the first ones: just-in-time compilation, views that are not labeled yet, and the neighbor may still be starting.
            var rates = run.ReadMetrics().Skip(2).Select(epoch => epoch.ImagesPerSecond).Order().ToList();
            return rates[rates.Count / 2];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
