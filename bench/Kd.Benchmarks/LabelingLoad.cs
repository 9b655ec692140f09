using System.Diagnostics;
using Kd.Vision.Views;

namespace Kd.Benchmarks;

/// <summary>Trainers that let teachers label views that nobody has seen.</summary>
internal static class LabelingLoad
{
    private const int Side = 32;
    private static long s_next;

    /// <summary>Measures images/s of several trainers together.</summary>
    /// <param name="trainers">Number of trainers, each with connections of its own.</param>
    /// <param name="addresses">Address of each teacher.</param>
    /// <param name="seconds">Duration.</param>
    public static async Task<double> RateAsync(int trainers, IReadOnlyList<string> addresses, double seconds)
    {
        // Three concurrent calls for each teacher: one in its forward pass, one waiting, one on the wire.
        var calls = 3 * addresses.Count / trainers;
        var clients = Enumerable.Range(0, trainers).Select(_ => new BenchTrainer(string.Join(';', addresses))).ToList();
        var started = Stopwatch.StartNew();
        var images = await Task.WhenAll(clients.Select(client => RunAsync(client, calls, () => started.Elapsed.TotalSeconds < seconds)));
        var rate = images.Sum() / started.Elapsed.TotalSeconds;
        foreach (var client in clients)
            await client.DisposeAsync();
        return rate;
    }

    /// <summary>Makes calls until a condition no longer holds.</summary>
    /// <param name="trainer">The trainer.</param>
    /// <param name="calls">Number of concurrent calls.</param>
    /// <param name="goesOn">The condition.</param>
    /// <param name="waited">Receives the duration of each call.</param>
    /// <returns>Number of images.</returns>
    public static async Task<long> RunAsync(BenchTrainer trainer, int calls, Func<bool> goesOn, Action<TimeSpan>? waited = null)
    {
        var (client, images) = (trainer.Teacher, 0L);
        var pixels = new byte[TimedTeachers.Batch * ViewRenderer.ByteCount(Side)];
        await Task.WhenAll(Enumerable.Range(0, calls).Select(_ => Task.Run(CallAsync)));
        return images;

        async Task CallAsync()
        {
            while (goesOn())
            {
                var views = new ViewId[TimedTeachers.Batch];
                for (var i = 0; i < views.Length; i++)
                    views[i] = new ViewId((UInt128)(ulong)Interlocked.Increment(ref s_next));
                var started = Stopwatch.GetTimestamp();
                await client.LabelAsync(views, pixels, Side, store: true, CancellationToken.None);
                waited?.Invoke(Stopwatch.GetElapsedTime(started));
                Interlocked.Add(ref images, views.Length);
            }
        }
    }
}
