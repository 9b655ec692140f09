extern alias trainer;

using System.Diagnostics;
using Kd.Tests;
using Kd.TeacherService.Serving;
using Kd.Vision.Views;
using Microsoft.Extensions.Hosting;
using trainer::Kd.StudentTrainer.Labeling;

namespace Kd.Benchmarks;

/// <summary>Several teachers, and labelling ahead.</summary>
internal static class FleetBenchmarks
{
    /// <summary>The argument that makes this program one of the teachers.</summary>
    public const string ServeArgument = "--serve-timed-teacher";

    private const int Side = 32;
    private const int Batch = 64;
    private const int FirstPort = 18_300;
    private static readonly TimeSpan s_pass = TimeSpan.FromMilliseconds(50);

    /// <summary>A teacher process whose pass takes a fixed time and no processor: a stand-in for a device.</summary>
    public static async Task<int> ServeAsync(int port)
    {
        await using var app = TeacherExtensions.BuildTeacherService(
            [
                $"--urls=http://127.0.0.1:{port};http://127.0.0.1:{port + 1}", $"--Endpoints:GrpcPort={port + 1}", $"--Service:Key={BenchService.Key}", "--Logging:LogLevel:Default=Error",
                "--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random", "--Teacher:Threads=1", $"--Batching:MaxBatch={Batch}", "--Cache:Memory=0",
            ],
            TimedNetwork.Loader(s_pass));
        await app.StartAsync();
        Console.WriteLine("ready");
        await app.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>Images/s of one trainer's client from 8 teacher processes over those from 1.</summary>
    public static async Task<Ratio> ScaleOutAsync(bool quick)
    {
        const int replicas = 8;
        var seconds = quick ? 6 : 12;
        var teachers = await Task.WhenAll(Enumerable.Range(0, replicas).Select(StartAsync));
        try
        {
            var addresses = Enumerable.Range(0, replicas).Select(replica => $"http://127.0.0.1:{FirstPort + 2 * replica + 1}").ToArray();
            // The first seconds are the just-in-time compiler's, in nine processes.
            await RateAsync(addresses, 6);
            var (one, all) = await Turns.MeasureAsync(3, () => RateAsync(addresses[..1], seconds / 3.0), () => RateAsync(addresses, seconds / 3.0));
            return new Ratio("scale-out", all / one, 7.2, $"1 teacher {one:F0} images/s, {replicas} teachers {all:F0} images/s ({Batch / s_pass.TotalSeconds:F0} images/s each at most)");
        }
        finally
        {
            foreach (var teacher in teachers)
                teacher.Dispose();
        }
    }

    /// <summary>Time of labelling a dataset over that of doing it again, when all is stored.</summary>
    public static async Task<Ratio> PrelabelAsync(bool quick)
    {
        await using var service = await BenchService.StartAsync("--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random");
        await using var trainer = new BenchTrainer(BenchService.Address, $"--Dataset:DemoTrainPerClass={(quick ? 20 : 100)}");
        var context = await trainer.CreateContextAsync();
        var started = Stopwatch.GetTimestamp();
        var (views, computed) = new Prelabeler(context).Execute(1, CancellationToken.None);
        var first = Stopwatch.GetElapsedTime(started).TotalSeconds;
        started = Stopwatch.GetTimestamp();
        var (_, again) = new Prelabeler(context).Execute(2, CancellationToken.None);
        var second = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return again > 0
            ? throw new InvalidOperationException($"{again} views were computed again: not what is to be measured.")
            : new Ratio("prelabel", first / second, 20, $"{views} views: first {first:F2} s ({computed} computed), second {second:F3} s");
    }

    private static async Task<TeacherProcess> StartAsync(int replica)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [.. Arguments(), ServeArgument, $"{FirstPort + 2 * replica}"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["KD_LIFELINE"] = "stdin";
        var process = Process.Start(start)!;
        if (await process.StandardOutput.ReadLineAsync() != "ready")
            throw new InvalidOperationException("a teacher process did not start; its message is above");
        return new TeacherProcess(process);
    }

    // Where a dotnet command runs this program, it runs the teachers too.
    private static string[] Arguments() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(FleetBenchmarks).Assembly.Location] : [];

    // Three calls for each teacher are under way: one in its pass, one waiting, one on the wire.
    private static async Task<double> RateAsync(string[] addresses, double seconds)
    {
        await using var trainer = new BenchTrainer(string.Join(';', addresses));
        var client = trainer.Teacher;
        var pixels = new byte[Batch * ViewRenderer.ByteCount(Side)];
        var (images, next) = (0L, 0L);
        var started = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 3 * addresses.Length).Select(_ => Task.Run(async () =>
        {
            while (started.Elapsed.TotalSeconds < seconds)
            {
                var views = new ViewId[Batch];
                for (var i = 0; i < Batch; i++)
                    views[i] = new ViewId((UInt128)(ulong)Interlocked.Increment(ref next));
                await client.LabelAsync(views, pixels, Side, store: true, CancellationToken.None);
                Interlocked.Add(ref images, Batch);
            }
        })));
        return images / started.Elapsed.TotalSeconds;
    }

    private sealed class TeacherProcess(Process process) : IDisposable
    {
        public void Dispose()
        {
            process.StandardInput.Close();
            if (!process.WaitForExit(10_000))
                process.Kill();
            process.Dispose();
        }
    }
}
