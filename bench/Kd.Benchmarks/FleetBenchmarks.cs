using System.Diagnostics;
using System.Text;
using Kd.TeacherService.Hosting;
using Kd.Tests;
using Kd.Vision.Runtime;
using Kd.Vision.Views;

namespace Kd.Benchmarks;

/// <summary>Benchmarks of several teachers and of labeling ahead.</summary>
internal static class FleetBenchmarks
{
    /// <summary>The argument that runs this program as one of the teachers.</summary>
    public const string ServeArgument = "--serve-timed-teacher";

    private const string Ready = "ready";
    private const int Side = 32;
    private const int Batch = 64;
    private static readonly TimeSpan s_pass = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs a teacher whose forward pass takes a fixed time and no CPU, to simulate a device.</summary>
    /// <remarks>It ends when its standard input is closed, and so ends with the benchmark.</remarks>
    public static async Task<int> ServeAsync(int httpPort, int grpcPort)
    {
        TorchRuntime.EnsureLoaded();
        await using var app = TeacherExtensions.BuildTeacherService(
            [
                $"--urls=http://127.0.0.1:{httpPort};http://127.0.0.1:{grpcPort}",
                $"--Endpoints:GrpcPort={grpcPort}",
                $"--Service:Key={BenchTeacher.Key}",
                "--Logging:LogLevel:Default=Error",
                "--Teacher:Architecture=cifar-resnet20",
                "--Teacher:Weights=random",
                "--Teacher:Threads=1",
                $"--Batching:MaxBatch={Batch}",
                "--Cache:Memory=0",
            ],
            TimedNetwork.Loader(s_pass)
        );
        await app.StartAsync();
        Console.WriteLine(Ready);
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(Stream.Null);
        await app.StopAsync();
        return 0;
    }

    /// <summary>Measures images/s that one trainer's client gets from 8 teacher processes, relative to 1.</summary>
    public static async Task<Ratio> ScaleOutAsync(BenchmarkSize size)
    {
        var replicas = size.Choose(8, 8, 2);
        var seconds = size.Choose(12.0, 6, 0.5);
        var ports = Enumerable.Range(0, replicas).Select(_ => (Http: Ports.Take(), Grpc: Ports.Take())).ToList();
        var teachers = await Task.WhenAll(ports.Select(pair => StartAsync(pair.Http, pair.Grpc)));
        try
        {
            var addresses = ports.Select(pair => $"http://127.0.0.1:{pair.Grpc}").ToArray();
            // The first seconds include just-in-time compilation in nine processes; with a warm-up of only 6 s a quick run measured 5.3 instead of 7.5.
            await RateAsync(addresses, size.Choose(16.0, 16, 0.5));
            var (one, all) = await Alternating.MeasureAsync(
                size.Choose(3, 3, 1),
                () => RateAsync(addresses[..1], seconds / 3.0),
                () => RateAsync(addresses, seconds / 3.0)
            );
            return new Ratio(
                "scale-out",
                all / one,
                7.2,
                $"1 teacher {one:F0} images/s, {replicas} teachers {all:F0} images/s ({Batch / s_pass.TotalSeconds:F0} images/s each at most)"
            );
        }
        finally
        {
            foreach (var teacher in teachers)
                teacher.Dispose();
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

    private static async Task<TeacherProcess> StartAsync(int httpPort, int grpcPort)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [.. Arguments(), ServeArgument, $"{httpPort}", $"{grpcPort}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        var printed = new StringBuilder();
        for (string? line; (line = await process.StandardOutput.ReadLineAsync()) != Ready; printed.AppendLine(line))
        {
            if (line is null)
                throw new InvalidOperationException($"A teacher process ended before it was ready; it printed:{Environment.NewLine}{printed}");
        }

        // Drains the pipe, so that later output does not block the process.
        _ = process.StandardOutput.ReadToEndAsync();
        return new TeacherProcess(process);
    }

    // If the dotnet command runs this program, it must run the teachers too.
    private static string[] Arguments() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(FleetBenchmarks).Assembly.Location] : [];

    // Three concurrent calls for each teacher: one in its forward pass, one waiting, one on the wire.
    private static async Task<double> RateAsync(string[] addresses, double seconds)
    {
        await using var trainer = new BenchTrainer(string.Join(';', addresses));
        var client = trainer.Teacher;
        var pixels = new byte[Batch * ViewRenderer.ByteCount(Side)];
        var (images, next) = (0L, 0L);
        var started = Stopwatch.StartNew();
        await Task.WhenAll(
            Enumerable
                .Range(0, 3 * addresses.Length)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        while (started.Elapsed.TotalSeconds < seconds)
                        {
                            var views = new ViewId[Batch];
                            for (var i = 0; i < Batch; i++)
                                views[i] = new ViewId((UInt128)(ulong)Interlocked.Increment(ref next));
                            await client.LabelAsync(views, pixels, Side, store: true, CancellationToken.None);
                            Interlocked.Add(ref images, Batch);
                        }
                    })
                )
        );
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
