extern alias trainer;
using System.Diagnostics;
using Kd.Core.Randomness;
using trainer::Kd.Protocol.Curriculum.V1;
using trainer::Kd.Training.Curriculum;

namespace Kd.Benchmarks;

/// <summary>Benchmark of the selection of an epoch's samples.</summary>
internal static class SamplerBenchmark
{
    private const double Limit = 0.5;

    /// <summary>Measures 0.5 s relative to the time of the slowest strategy for 1.3 million samples.</summary>
    public static Task<Ratio> RunAsync(BenchmarkSize size)
    {
        var (random, difficulty) = (new CounterRandom(1, 0), new float[size.Choose(1_300_000, 1_300_000, 13_000)]);
        for (var i = 0; i < difficulty.Length; i++)
            difficulty[i] = (float)random.NextDouble();
        var rounds = size.Choose(7, 3, 1);
        var times = new[] { Strategy.EasyToHard, Strategy.HardMining, Strategy.Mixed, Strategy.Adaptive, Strategy.Random }
            .Select(strategy =>
                (
                    Strategy: strategy,
                    Seconds: Enumerable.Range(0, rounds).Select(round => Time(strategy, difficulty, (ulong)round)).Order().ElementAt(rounds / 2)
                )
            )
            .ToList();
        var slowest = times.MaxBy(entry => entry.Seconds);
        return Task.FromResult(
            new Ratio("sampler", Limit / slowest.Seconds, 1, string.Join(", ", times.Select(entry => $"{entry.Strategy} {entry.Seconds:F2} s")))
        );
    }

    private static double Time(Strategy strategy, float[] difficulty, ulong seed)
    {
        var started = Stopwatch.GetTimestamp();
        SampleSelector.Select(strategy, 0.4, 0.7, difficulty, seed);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
