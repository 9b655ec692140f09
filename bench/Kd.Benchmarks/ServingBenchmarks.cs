using System.Diagnostics;
using Google.Protobuf;
using Kd.Protocol.Teacher.V1;
using Kd.TeacherService.Cache;
using Kd.Vision.Views;
using StackExchange.Redis;

namespace Kd.Benchmarks;

/// <summary>Benchmarks of the overhead of the teacher service over its network and its cache.</summary>
internal static class ServingBenchmarks
{
    private const int Side = 32;
    private const int CallSize = 128;
    private const int Callers = 4;
    private static readonly string[] s_teacher = ["--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random"];
    private static ulong s_nextView = 1;

    /// <summary>Measures images/s through gRPC Label, all misses, relative to images/s of the same network called in this process.</summary>
    public static async Task<Ratio> LabelOverheadAsync(BenchmarkSize size)
    {
        await using var service = await BenchTeacher.StartAsync(s_teacher);
        var (rounds, calls) = size.Choose((9, 32), (5, 16), (1, Callers));
        await ThroughGrpcAsync(size.Choose(2 * Callers, 2 * Callers, Callers));
        var (direct, served) = await Alternating.MeasureAsync(rounds, () => Task.Run(() => InProcess(service, calls)), () => ThroughGrpcAsync(calls));
        return new Ratio("label-overhead", served / direct, 0.95, $"in process {direct:F0} images/s, through gRPC {served:F0} images/s ({Callers} callers)");
    }

    /// <summary>Measures views/s of Lookup, all hits, C = 100, relative to StackExchange.Redis MGET of the same values.</summary>
    public static async Task<Ratio> LookupAsync(BenchmarkSize size)
    {
        using var classes = new ClassFolders(100);
        await using var service = await BenchTeacher.StartAsync([.. s_teacher, $"--Dataset:Path={classes.Path}"]);
        using var channel = BenchTeacher.Open();
        var client = new Teacher.TeacherClient(channel);
        var label = CreateRequest();
        await client.LabelAsync(label);
        var lookup = new LookupRequest { ViewIds = label.ViewIds };
        var stored = new LookupRequest { ViewIds = label.ViewIds, StoredOnly = true };
        var keys = Keys(new LogitsCodec(service.Model.Description.Id, 100), label.ViewIds);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(BenchTeacher.Cache);
        var (rounds, calls) = size.Choose((9, 10_000), (5, 6000), (1, 2 * Callers));
        Task<double> GetAsync() => RateAsync(calls, () => redis.GetDatabase().StringGetAsync(keys));
        Task<double> LookupAsync(LookupRequest request) => RateAsync(calls, () => client.LookupAsync(request).ResponseAsync);
        // The first seconds include just-in-time compilation.
        await Alternating.MeasureAsync(size.Choose(4, 4, 1), GetAsync, () => LookupAsync(stored));
        var (plain, served) = await Alternating.MeasureAsync(rounds, GetAsync, () => LookupAsync(lookup));
        var throughRedis = await LookupAsync(stored);
        foreach (var request in new[] { lookup, stored })
        {
            var reply = await client.LookupAsync(request);
            if (reply.Missing.Count > 0 || reply.Classes != 100)
                throw new InvalidOperationException(
                    $"Expected {CallSize} cached views of 100 classes, but {reply.Missing.Count} were missing, with {reply.Classes} classes."
                );
        }

        return new Ratio(
            "lookup",
            served / plain,
            0.5,
            $"MGET {plain:F0} views/s; Lookup {served:F0} views/s from the replica's memory, "
                + $"{throughRedis:F0} views/s ({throughRedis / plain:F2}) from Redis ({Callers} callers)"
        );
    }

    /// <summary>Measures images/s of the demo teacher's network, called in this process.</summary>
    public static async Task<double> PassRateAsync(BenchmarkSize size)
    {
        await using var service = await BenchTeacher.StartAsync(s_teacher);
        InProcess(service, 1);
        return InProcess(service, size.Choose(64, 32, 1));
    }

    private static double InProcess(BenchTeacher service, int calls)
    {
        var model = service.Model;
        var bytes = ViewRenderer.ByteCount(Side);
        var pixels = new byte[CallSize * bytes];
        var views = Enumerable.Range(0, CallSize).Select(view => (ReadOnlyMemory<byte>)pixels.AsMemory(view * bytes, bytes)).ToArray();
        var started = Stopwatch.GetTimestamp();
        for (var call = 0; call < calls; call++)
        {
            foreach (var chunk in views.Chunk(model.Batch))
                model.Pass(chunk, Side);
        }

        return calls * CallSize / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<double> ThroughGrpcAsync(int calls)
    {
        using var channel = BenchTeacher.Open();
        var client = new Teacher.TeacherClient(channel);
        var requests = Enumerable.Range(0, calls).Select(_ => CreateRequest()).ToArray();
        var next = -1;
        return await RateAsync(calls, () => client.LabelAsync(requests[Interlocked.Increment(ref next)]).ResponseAsync);
    }

    /// <summary>Measures views/s of calls by several callers at once.</summary>
    private static async Task<double> RateAsync<T>(int calls, Func<Task<T>> call)
    {
        var left = calls;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(
            Enumerable
                .Range(0, Callers)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        while (Interlocked.Decrement(ref left) >= 0)
                            await call();
                    })
                )
        );
        return (double)calls * CallSize / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static LabelRequest CreateRequest()
    {
        var ids = new byte[CallSize * ViewId.Length];
        for (var view = 0; view < CallSize; view++)
            new ViewId(s_nextView++).CopyTo(ids.AsSpan(view * ViewId.Length));
        return new LabelRequest
        {
            ViewIds = ByteString.CopyFrom(ids),
            Pixels = ByteString.CopyFrom(new byte[CallSize * ViewRenderer.ByteCount(Side)]),
            Height = Side,
            Width = Side,
        };
    }

    private static RedisKey[] Keys(LogitsCodec codec, ByteString ids) =>
        [.. Enumerable.Range(0, CallSize).Select(view => (RedisKey)codec.Key(ViewId.Read(ids.Span.Slice(view * ViewId.Length, ViewId.Length))))];
}

/// <summary>A temporary dataset folder with a number of empty classes.</summary>
internal sealed class ClassFolders : IDisposable
{
    public ClassFolders(int count)
    {
        for (var i = 0; i < count; i++)
            Directory.CreateDirectory(System.IO.Path.Combine(Path, "train", $"class{i:D3}"));
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("kd-bench-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
