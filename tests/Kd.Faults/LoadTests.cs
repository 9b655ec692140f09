using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Kd.Protocol.Teacher.V1;
using Kd.ServiceDefaults.Connections;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>64 clients of one teacher at once: most with one call at a time, some greedy, one slow. KD_SECONDS: how long (5).</summary>
[Collection(nameof(OneSystem))]
public sealed class LoadTests(ITestOutputHelper output)
{
    private const int Clients = 64,
        Greedy = 3,
        LargestQueue = 2048,
        Side = 32;
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(
        double.Parse(Environment.GetEnvironmentVariable("KD_SECONDS") ?? "5", CultureInfo.InvariantCulture)
    );

    [Fact]
    public async Task Teacher_64Clients_NoneFailsOrStarves()
    {
        using var teacher = new ServiceProcess(
            "Kd.TeacherService",
            RunningService.FreePort(),
            [
                "--Teacher:Architecture=cifar-resnet20",
                "--Teacher:Weights=random",
                "--Teacher:Threads=1",
                "--Cache:Memory=0",
                $"--Batching:LargestQueue={LargestQueue}",
            ]
        );
        teacher.Start();
        await teacher.WaitUntilHealthyAsync();
        using var slow = new TcpProxy([teacher.GrpcPort]) { Delay = TimeSpan.FromMilliseconds(50) };
        var (watch, memory) = (Stopwatch.StartNew(), new List<long>());
        var clients = Enumerable
            .Range(0, Clients)
            .Select(i => new LoadClient(i == Clients - 1 ? slow.Port : teacher.GrpcPort, views: i < Greedy ? 256 : 32, calls: i < Greedy ? 8 : 1))
            .ToList();
        var work = Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(() => watch.Elapsed < s_duration))));
        while (!work.IsCompleted)
        {
            memory.Add(teacher.Memory);
            await Task.WhenAny(work, Task.Delay(1000, TestContext.Current.CancellationToken));
        }

        await work;
        Check(clients, watch.Elapsed, memory);
    }

    private void Check(List<LoadClient> clients, TimeSpan elapsed, List<long> memory)
    {
        var (greedy, ordinary) = (clients[..Greedy], clients[Greedy..^1]);
        var rate = clients.Sum(client => client.Views) / elapsed.TotalSeconds;
        // Greedy clients wait for their own views.
        var (wait, greedyWait) = (Percentile99([.. ordinary, clients[^1]]), Percentile99(greedy));
        // A client that has nothing in the queue may exceed the limit up to twice.
        var longest = TimeSpan.FromSeconds(2 * LargestQueue / rate);
        var (least, mean) = (ordinary.Min(client => client.Views), ordinary.Average(client => client.Views));
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{elapsed.TotalSeconds:F0} s, {clients.Sum(client => client.Waits.Count)} calls, {clients.Sum(client => client.Refusals)} refused, "
                    + $"{rate:F0} views/s; wait p99 {wait.TotalSeconds:F2} s (greedy {greedyWait.TotalSeconds:F2} s), bound {longest.TotalSeconds:F2} s; "
                    + $"views of a client: ordinary {least} to {ordinary.Max(client => client.Views)} (mean {mean:F0}), "
                    + $"greedy {greedy.Average(client => client.Views):F0}, slow {clients[^1].Views}; memory {memory[0] >> 20} to {memory.Max() >> 20} MiB"
            )
        );
        Assert.Empty(clients.SelectMany(client => client.Failures).Distinct());
        Assert.True(wait < longest, $"the 99th percentile {wait} exceeds {longest}");
        Assert.True(least > mean / 2, $"a client got {least} views, the mean is {mean}");
        Assert.True(clients[^1].Views > mean / 4, $"the slow client got {clients[^1].Views} views, the mean is {mean}");
        Assert.True(memory.Max() < memory[0] + (512L << 20), $"the memory rose from {memory[0]} to {memory.Max()}");
    }

    private static TimeSpan Percentile99(List<LoadClient> clients)
    {
        var waits = clients.SelectMany(client => client.Waits).Order().ToList();
        return waits[(int)(0.99 * (waits.Count - 1))];
    }

    /// <summary>A client with connections of its own that labels views that nobody has seen.</summary>
    private sealed class LoadClient(int port, int views, int calls)
    {
        private readonly string _name = Guid.NewGuid().ToString("N");
        private long _views,
            _refusals;

        public long Views => _views;

        public long Refusals => _refusals;

        /// <summary>Time of each call that was taken, until its answer.</summary>
        public ConcurrentBag<TimeSpan> Waits { get; } = [];

        public ConcurrentBag<string> Failures { get; } = [];

        public async Task RunAsync(Func<bool> isTime)
        {
            using var channel = RunningService.Open(new Uri($"http://127.0.0.1:{port}"));
            var client = new Teacher.TeacherClient(channel);
            await Task.WhenAll(Enumerable.Range(0, calls).Select(_ => CallAsync(client, isTime)));
        }

        private async Task CallAsync(Teacher.TeacherClient client, Func<bool> isTime)
        {
            while (isTime())
            {
                var (request, started) = (Request(), Stopwatch.GetTimestamp());
                try
                {
                    await client.LabelAsync(request, new Metadata { { ReplicaName.ClientHeader, _name } });
                    Waits.Add(Stopwatch.GetElapsedTime(started));
                    Interlocked.Add(ref _views, views);
                }
                catch (RpcException error)
                    when (error.StatusCode == StatusCode.ResourceExhausted && error.Trailers.GetValue("grpc-retry-pushback-ms") is { } hint)
                {
                    Interlocked.Increment(ref _refusals);
                    await Task.Delay(int.Parse(hint, CultureInfo.InvariantCulture));
                }
                catch (RpcException error)
                {
                    Failures.Add($"{error.StatusCode}: {error.Status.Detail}");
                    return;
                }
            }
        }

        private LabelRequest Request() =>
            new()
            {
                ViewIds = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(16 * views)),
                Pixels = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(3 * Side * Side * views)),
                Height = Side,
                Width = Side,
            };
    }
}
