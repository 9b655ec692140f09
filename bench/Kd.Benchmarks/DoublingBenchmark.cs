using System.Collections.Concurrent;
using System.Diagnostics;

namespace Kd.Benchmarks;

/// <summary>Doubles the teachers of several trainers while these label: the claims of docs/scale.md that one machine can simulate.</summary>
internal static class DoublingBenchmark
{
    private static readonly TimeSpan s_pass = TimeSpan.FromMilliseconds(400);

    /// <summary>Measures the time from the listing of as many teachers again until they have doubled the images/s, and throughput, balance and waits.</summary>
    public static async Task<Ratio> RunAsync(BenchmarkSize size)
    {
        var (count, clients, seconds) = (size.Choose(64, 64, 4), size.Choose(8, 8, 2), size.Choose(60, 20, 1));
        using var teachers = await TimedTeachers.StartAsync(count, perProcess: count / clients, s_pass);
        // Every second one, so that each process has work before the doubling.
        var half = teachers.Addresses.Where((_, index) => index % 2 == 0).ToList();
        var list = Path.GetTempFileName();
        await File.WriteAllLinesAsync(list, half);
        var trainers = Enumerable.Range(0, clients).Select(_ => new BenchTrainer(new Uri(list).ToString())).ToList();
        var (ended, waits) = (false, new ConcurrentQueue<TimeSpan>());
        var load = trainers.ConvertAll(trainer => LabelingLoad.RunAsync(trainer, 3 * count / clients, () => !ended, waits.Enqueue));
        await Task.Delay(TimeSpan.FromSeconds(size.Choose(16, 16, 1)));
        var before = await MeasureAsync(trainers, waits, seconds);

        // Renamed, so that no client reads half of it.
        await File.WriteAllLinesAsync(list + ".new", teachers.Addresses);
        File.Move(list + ".new", list, overwrite: true);
        var (started, rate) = (Stopwatch.StartNew(), 0.0);
        while (rate < 0.9 * 2 * before.Rate && started.Elapsed.TotalSeconds < seconds)
            rate = (await MeasureAsync(trainers, waits, 1)).Rate;
        var absorbed = started.Elapsed.TotalSeconds;
        var after = await MeasureAsync(trainers, waits, seconds);

        ended = true;
        await Task.WhenAll(load);
        foreach (var trainer in trainers)
            await trainer.DisposeAsync();
        File.Delete(list);
        var reached = rate < 0.9 * 2 * before.Rate ? "; not reached, the time is the limit" : "";
        return new Ratio(
            "doubling",
            absorbed,
            10,
            $"{absorbed:F1} s until {clients} trainers had 90% of twice the images/s of {half.Count} teachers from {count}{reached}; less is better\n"
                + $"{half.Count} teachers: {Describe(before, half.Count)}\n{count} teachers: {Describe(after, count)}"
        );
    }

    private static async Task<Interval> MeasureAsync(List<BenchTrainer> trainers, ConcurrentQueue<TimeSpan> waits, int seconds)
    {
        waits.Clear();
        var (first, started) = (Count(), Stopwatch.StartNew());
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        var (last, elapsed) = (Count(), started.Elapsed.TotalSeconds);
        var computed = last.Select(replica => replica.Value - first.GetValueOrDefault(replica.Key)).Where(images => images > 0).Order().ToList();
        return new Interval(computed.Sum() / elapsed, computed, [.. waits.Order()]);

        Dictionary<string, long> Count() =>
            trainers
                .SelectMany(trainer => trainer.Teacher.Replicas)
                .GroupBy(replica => replica.Name)
                .ToDictionary(replica => replica.Key, replica => replica.Sum(counted => counted.Computed));
    }

    private static string Describe(Interval interval, int teachers)
    {
        if (interval.Computed.Count == 0)
            return "no images in this time";
        var most = teachers * TimedTeachers.Batch / s_pass.TotalSeconds;
        var mean = interval.Computed.Average();
        return $"{interval.Rate:F0} images/s ({interval.Rate / most:P0} of what they can), {interval.Computed.Count} have work, "
            + $"from {interval.Computed[0] / mean:P0} to {interval.Computed[^1] / mean:P0} of the mean; "
            + $"a call of {TimedTeachers.Batch} views waits {Wait(0.5):F1} passes at the median, {Wait(0.99):F1} at p99";

        double Wait(double quantile) => interval.Waits.Count > 0 ? interval.Waits[(int)(quantile * (interval.Waits.Count - 1))] / s_pass : double.NaN;
    }

    /// <summary>What was measured in an interval.</summary>
    /// <param name="Rate">Images/s of all trainers.</param>
    /// <param name="Computed">Images of each teacher, ascending.</param>
    /// <param name="Waits">Duration of each call, ascending.</param>
    private sealed record Interval(double Rate, IReadOnlyList<long> Computed, IReadOnlyList<TimeSpan> Waits);
}
