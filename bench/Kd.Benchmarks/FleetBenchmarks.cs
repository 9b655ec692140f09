using System.Diagnostics;

namespace Kd.Benchmarks;

/// <summary>Benchmarks of several teachers and of labeling ahead.</summary>
internal static class FleetBenchmarks
{
    private static readonly TimeSpan s_pass = TimeSpan.FromMilliseconds(50);

    // The same number of images/s on the wire as from 8 teachers with shorter passes, since all processes share the machine.
    private static readonly TimeSpan s_longPass = 8 * s_pass;

    /// <summary>Measures images/s that one trainer's client gets from 8 teacher processes, relative to 1.</summary>
    public static async Task<Ratio> ScaleOutAsync(BenchmarkSize size)
    {
        using var teachers = await TimedTeachers.StartAsync(size.Choose(8, 8, 2), perProcess: 1, s_pass);
        return await CompareAsync("scale-out", 7.6, size, teachers, (1, [teachers.Addresses[0]]), 1, s_pass);
    }

    /// <summary>Measures images/s that 8 trainers get from 64 teachers, relative to 1 trainer and 8 teachers.</summary>
    public static async Task<Ratio> ScaleOut64Async(BenchmarkSize size)
    {
        using var teachers = await TimedTeachers.StartAsync(size.Choose(64, 64, 4), perProcess: size.Choose(8, 8, 2), s_longPass);
        var eighth = teachers.Addresses.Take(size.Choose(8, 8, 2)).ToList();
        return await CompareAsync("scale-out-64", 7.2, size, teachers, (1, eighth), size.Choose(8, 8, 2), s_longPass);
    }

    /// <summary>Measures the time from the listing of a new replica until it computes 90% of its share.</summary>
    public static async Task<Ratio> ElasticAsync(BenchmarkSize size)
    {
        var limit = size.Choose(60.0, 60, 5);
        using var teachers = await TimedTeachers.StartAsync(size.Choose(4, 4, 2), perProcess: 1, s_pass);
        var list = Path.GetTempFileName();
        await File.WriteAllLinesAsync(list, teachers.Addresses.Skip(1));
        await using var trainer = new BenchTrainer(new Uri(list).ToString());
        var ended = false;
        var load = LabelingLoad.RunAsync(trainer, 3 * teachers.Addresses.Count, () => !ended);
        await Task.Delay(TimeSpan.FromSeconds(size.Choose(16.0, 16, 1)));
        var (before, share) = (trainer.Teacher.Replicas.Select(replica => replica.Name).ToHashSet(), 0.0);
        var started = Stopwatch.StartNew();
        await File.WriteAllLinesAsync(list, teachers.Addresses);
        for (var last = Count(); share < 0.9 && started.Elapsed.TotalSeconds < limit; )
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            var now = Count();
            share = (double)(now.New - last.New) * teachers.Addresses.Count / Math.Max(1, now.All - last.All);
            last = now;
        }

        var seconds = started.Elapsed.TotalSeconds;
        ended = true;
        await load;
        File.Delete(list);
        var reached = share < 0.9 ? "; not reached, the time is the limit" : "";
        return new Ratio("elastic", seconds, 10, $"{seconds:F1} s until a new replica had {share:P0} of its share over a second{reached}; less is better");

        (long New, long All) Count()
        {
            var replicas = trainer.Teacher.Replicas;
            return (replicas.Where(replica => !before.Contains(replica.Name)).Sum(replica => replica.Computed), replicas.Sum(replica => replica.Computed));
        }
    }

    /// <summary>Measures the time to label a dataset, relative to a repetition when all views are stored.</summary>
    public static async Task<Ratio> PrelabelAsync(BenchmarkSize size)
    {
        await using var service = await BenchTeacher.StartAsync("--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random");
        await using var trainer = new BenchTrainer(BenchTeacher.Address, $"--Dataset:DemoTrainPerClass={size.Choose(100, 20, 2)}");
        var started = Stopwatch.GetTimestamp();
        var (views, computed, _) = trainer.CreatePrelabeler().Execute(1, CancellationToken.None);
        var first = Stopwatch.GetElapsedTime(started).TotalSeconds;
        started = Stopwatch.GetTimestamp();
        var (_, again, _) = trainer.CreatePrelabeler().Execute(2, CancellationToken.None);
        var second = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return again > 0
            ? throw new InvalidOperationException($"Expected that all views are stored, but {again} were computed again.")
            : new Ratio("prelabel", first / second, 20, $"{views} views: first {first:F2} s ({computed} computed), second {second:F3} s");
    }

    private static async Task<Ratio> CompareAsync(
        string name,
        double goal,
        BenchmarkSize size,
        TimedTeachers teachers,
        (int Trainers, IReadOnlyList<string> Addresses) few,
        int trainers,
        TimeSpan pass
    )
    {
        var seconds = size.Choose(4.0, 2, 0.5);
        // The first seconds include just-in-time compilation in all processes; with a warm-up of only 6 s a quick run of scale-out measured 5.3, not 7.5.
        await LabelingLoad.RateAsync(trainers, teachers.Addresses, size.Choose(16.0, 16, 0.5));
        var (one, all) = await Alternating.MeasureAsync(
            size.Choose(3, 3, 1),
            () => LabelingLoad.RateAsync(few.Trainers, few.Addresses, seconds * (pass / s_pass)),
            () => LabelingLoad.RateAsync(trainers, teachers.Addresses, seconds * (pass / s_pass))
        );
        return new Ratio(
            name,
            all / one,
            goal,
            $"{few.Trainers} x {few.Addresses.Count} (trainers x teachers) {one:F0} images/s, {trainers} x {teachers.Addresses.Count} {all:F0} images/s "
                + $"({TimedTeachers.Batch / pass.TotalSeconds:F0} images/s of a teacher at most)"
        );
    }
}
