using System.Diagnostics;
using System.Diagnostics.Metrics;
using Google.Protobuf;
using Kd.Protocol.Teacher.V1;
using Kd.TeacherService.Hosting;
using Kd.Tests;
using Kd.Vision.Views;

namespace Kd.TeacherService.Tests.Cache;

/// <summary>Tests an unavailable or slow Redis: calls take at most twice as long as without a cache, and it is used again once it is available.</summary>
[Collection(nameof(TimedTests))]
public sealed class CacheAbsenceTests : IDisposable
{
    private const int Side = 8;
    private const int CallSize = 4;
    private static readonly TimeSpan s_pass = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_return = TimeSpan.FromSeconds(6);
    private readonly MeterListener _meters = new();
    private long _failures;

    public CacheAbsenceTests()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "kd.teacher.cache.failures")
                listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _failures, value));
        _meters.Start();
    }

    public void Dispose() => _meters.Dispose();

    [Theory]
    [InlineData("garnet")]
    [InlineData("redis-server")]
    public async Task Label_RedisAwayAtTheStart_TakesNoLongerAndUsesItWhenItComes(string kind)
    {
        using var redis = RedisServer.Create(kind);
        var started = Stopwatch.StartNew();
        await using var service = await StartAsync(redis.Port);
        Assert.InRange(started.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));

        await AssertSlowedAtMostTwiceAsync(service);
        redis.Start();

        await AssertUsedAgainAsync(service);
    }

    [Theory]
    [InlineData("garnet")]
    [InlineData("redis-server")]
    public async Task Label_RedisStopsInTheMiddle_TakesNoLongerAndUsesItAgain(string kind)
    {
        using var redis = RedisServer.Start(kind);
        await using var service = await StartAsync(redis.Port);
        await AssertUsedAgainAsync(service);

        redis.Stop();
        await AssertSlowedAtMostTwiceAsync(service);
        redis.Start();

        await AssertUsedAgainAsync(service);
    }

    [Theory]
    [InlineData("garnet")]
    [InlineData("redis-server")]
    public async Task Label_RedisSlow_TakesNoLongerAndUsesItAgain(string kind)
    {
        using var redis = RedisServer.Start(kind);
        using var proxy = new TcpProxy([redis.Port]);
        await using var service = await StartAsync(proxy.Port);
        await AssertUsedAgainAsync(service);

        proxy.Delay = TimeSpan.FromMilliseconds(700);
        await AssertSlowedAtMostTwiceAsync(service);
        proxy.Delay = TimeSpan.Zero;

        await AssertUsedAgainAsync(service);
    }

    [Theory]
    [InlineData("garnet")]
    [InlineData("redis-server")]
    public async Task Label_ConnectionCut_TakesNoLongerAndUsesItAgain(string kind)
    {
        using var redis = RedisServer.Start(kind);
        using var proxy = new TcpProxy([redis.Port]);
        await using var service = await StartAsync(proxy.Port);
        await AssertUsedAgainAsync(service);

        proxy.Cut();
        await AssertSlowedAtMostTwiceAsync(service);
        proxy.Mend();

        await AssertUsedAgainAsync(service);
    }

    // Export and verification would take a late answer for a missing view.
    [Fact]
    public async Task Lookup_StoredOnlyFromASlowRedis_WaitsForTheAnswer()
    {
        using var redis = RedisServer.Start("garnet");
        using var proxy = new TcpProxy([redis.Port]);
        await using var service = await StartAsync(proxy.Port);
        await AssertUsedAgainAsync(service);
        using var channel = service.Open();

        proxy.Delay = TimeSpan.FromMilliseconds(100);
        var reply = await new Teacher.TeacherClient(channel).LookupAsync(new LookupRequest { ViewIds = CreateRequest(0).ViewIds, StoredOnly = true });

        Assert.Empty(reply.Missing);
    }

    private static Task<RunningService> StartAsync(int port) =>
        RunningService.StartAsync(
            args => TeacherExtensions.BuildTeacherService(args, TimedNetwork.Loader(s_pass)),
            "--Teacher:Architecture=cifar-resnet20",
            "--Teacher:Weights=random",
            "--Cache:Memory=0",
            $"--Batching:MaxBatch={CallSize}",
            "--Batching:MaxDelay=00:00:00",
            $"--ConnectionStrings:cache=127.0.0.1:{port},abortConnect=false"
        );

    // A call without a cache takes one pass; a look-up before it and a store after it may add another one, and the machine's load a little more.
    private async Task AssertSlowedAtMostTwiceAsync(RunningService service)
    {
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);
        var before = Interlocked.Read(ref _failures);
        var slowest = TimeSpan.Zero;
        var total = Stopwatch.StartNew();
        for (var call = 0; call < 10; call++)
        {
            var started = Stopwatch.StartNew();
            var request = CreateRequest(1000 + call * CallSize);
            await client.LookupAsync(new LookupRequest { ViewIds = request.ViewIds });
            await client.LabelAsync(request);
            slowest = started.Elapsed > slowest ? started.Elapsed : slowest;
        }

        Assert.InRange(total.Elapsed, 10 * s_pass, 2 * 10 * s_pass);
        Assert.InRange(slowest, s_pass, 2 * s_pass + TimeSpan.FromMilliseconds(250));
        Assert.True(Interlocked.Read(ref _failures) > before, "the failures were not counted");
        using var http = new HttpClient();
        Assert.Equal("Degraded", await http.GetStringAsync(new Uri(service.Http, "/health"), TestContext.Current.CancellationToken));
    }

    private static async Task AssertUsedAgainAsync(RunningService service)
    {
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);
        var request = CreateRequest(0);
        var waited = Stopwatch.StartNew();
        while (true)
        {
            await client.LabelAsync(request);
            if ((await client.LookupAsync(new LookupRequest { ViewIds = request.ViewIds })).Missing.Count == 0)
                break;
            Assert.True(waited.Elapsed < s_return, $"the cache was not used {s_return.TotalSeconds} s after its return");
        }

        using var http = new HttpClient();
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri(service.Http, "/health"), TestContext.Current.CancellationToken));
    }

    private static LabelRequest CreateRequest(int first)
    {
        var ids = new byte[CallSize * ViewId.Length];
        for (var i = 0; i < CallSize; i++)
            new ViewId((UInt128)(ulong)(first + i + 1)).CopyTo(ids.AsSpan(i * ViewId.Length));
        return new LabelRequest
        {
            ViewIds = ByteString.CopyFrom(ids),
            Pixels = ByteString.CopyFrom(new byte[CallSize * ViewRenderer.ByteCount(Side)]),
            Height = Side,
            Width = Side,
        };
    }
}

/// <summary>Runs alone: other tests would distort measured times.</summary>
[CollectionDefinition(nameof(TimedTests), DisableParallelization = true)]
public sealed class TimedTests;
