extern alias trainer;

using System.Diagnostics;
using System.Text;
using Kd.TeacherService.Serving;
using Kd.Tests;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using trainer::Kd.StudentTrainer.Labeling;

namespace Kd.Benchmarks;

/// <summary>Several teachers, and labelling ahead.</summary>
internal static class FleetBenchmarks
{
    /// <summary>The argument that makes this program one of the teachers.</summary>
    public const string ServeArgument = "--serve-timed-teacher";

    private const string Ready = "ready";
    private const int Side = 32;
    private const int Batch = 64;
    private static readonly TimeSpan s_pass = TimeSpan.FromMilliseconds(50);

    /// <summary>A teacher process whose pass takes a fixed time and no processor: a stand-in for a device. It ends when its standard input does, so with the benchmark.</summary>
    public static async Task<int> ServeAsync(int httpPort, int grpcPort)
    {
        TorchRuntime.EnsureLoaded();
        await using var app = TeacherExtensions.BuildTeacherService(
            [
                $"--urls=http://127.0.0.1:{httpPort};http://127.0.0.1:{grpcPort}",
                $"--Endpoints:GrpcPort={grpcPort}",
                $"--Service:Key={BenchService.Key}",
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

    /// <summary>Images/s of one trainer's client from 8 teacher processes over those from 1.</summary>
    public static async Task<Ratio> ScaleOutAsync(BenchmarkSize size)
    {
        var replicas = size.Choose(8, 8, 2);
        var seconds = size.Choose(12.0, 6, 0.5);
        var ports = Enumerable.Range(0, replicas).Select(_ => (Http: Ports.Take(), Grpc: Ports.Take())).ToList();
        var teachers = await Task.WhenAll(ports.Select(pair => StartAsync(pair.Http, pair.Grpc)));
        try
        {
            var addresses = ports.Select(pair => $"http://127.0.0.1:{pair.Grpc}").ToArray();
            // The first seconds are the just-in-time compilers', in nine processes; after only 6 of them a quick run measured a ratio of 5.3 instead of 7.5.
            await RateAsync(addresses, size.Choose(16.0, 16, 0.5));
            var (one, all) = await Turns.MeasureAsync(
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

    /// <summary>Time of labelling a dataset over that of doing it again, when all is stored.</summary>
    public static async Task<Ratio> PrelabelAsync(BenchmarkSize size)
    {
        await using var service = await BenchService.StartAsync("--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random");
        await using var trainer = new BenchTrainer(BenchService.Address, $"--Dataset:DemoTrainPerClass={size.Choose(100, 20, 2)}");
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

        // What it prints from now on must not fill the pipe.
        _ = process.StandardOutput.ReadToEndAsync();
        return new TeacherProcess(process);
    }

    // Where a dotnet command runs this program, it runs the teachers too.
    private static string[] Arguments() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(FleetBenchmarks).Assembly.Location] : [];

    // Three calls for each teacher are under way: one in its pass, one waiting, one on the wire.
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
