using Kd.Settings;
using Kd.TeacherService.Cache;
using Kd.TeacherService.Diagnostics;
using Kd.Tests;
using Kd.Vision.Views;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Kd.TeacherService.Tests.Cache;

public sealed class RedisLogitsCacheTests : IDisposable
{
    private const int Classes = 100;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly LogitsCodec s_codec = new("0123", Classes);
    private readonly MeterFactory _meters = new();

    public void Dispose() => _meters.Dispose();

    [Theory]
    [InlineData("garnet")]
    [InlineData("redis-server")]
    public async Task GetAsync_DamagedAndForeignEntries_AreMissesAndAreOverwritten(string kind)
    {
        using var server = RedisServer.Start(kind);
        using var connection = await ConnectAsync(server);
        var cache = Create(connection);
        var views = Views(0, 5);
        await StoreAsync(cache, views);
        var database = connection.Database!;
        await database.StringSetAsync(s_codec.Key(views[1]), "something else");
        await database.StringSetAsync(s_codec.Key(views[2]), ((byte[])(await database.StringGetAsync(s_codec.Key(views[2])))!)[..^1]);
        await database.KeyDeleteAsync(s_codec.Key(views[3]));
        await database.ListRightPushAsync(s_codec.Key(views[3]), "a list");
        // A whole entry under another view's key.
        await database.StringSetAsync(s_codec.Key(views[4]), await database.StringGetAsync(s_codec.Key(views[0])));

        var damaged = await GetAsync(cache, views);
        await StoreAsync(cache, views);
        var mended = await GetAsync(cache, views);

        Assert.Equal([1, 2, 3, 4], damaged.Missing);
        Assert.Equal(Row(0), damaged.Logits.ToArray());
        Assert.Empty(mended.Missing);
        Assert.Equal(views.SelectMany((_, index) => Row(index)), mended.Logits.ToArray());
    }

    // A read-only replica, or a user who may not write: reading goes on, and the cache does not seem to come and go.
    [Fact]
    public async Task SetAsync_ServerRefusesWrites_ReadsOnAndStaysHealthy()
    {
        using var server = RedisServer.Start("redis-server");
        using var connection = await ConnectAsync(server);
        var cache = Create(connection);
        await StoreAsync(cache, Views(0, 3));
        await using var admin = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port},allowAdmin=true");
        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "min-replicas-to-write", "1");

        for (var call = 0; call < 3; call++)
        {
            await StoreAsync(cache, Views(3, 3));
            Assert.Equal([3, 4, 5], (await GetAsync(cache, Views(0, 6))).Missing);
            Assert.Equal(HealthStatus.Healthy, (await cache.CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken)).Status);
        }
    }

    [Theory]
    [InlineData("garnet")]
    [InlineData("redis-server")]
    public async Task SetAsync_TimeToLive_EndsTheEntry(string kind)
    {
        using var server = RedisServer.Start(kind);
        using var connection = await ConnectAsync(server);
        var cache = Create(connection, new CacheOptions { TimeToLive = TimeSpan.FromSeconds(1) });
        await StoreAsync(cache, Views(0, 3));
        Assert.Empty((await GetAsync(cache, Views(0, 3))).Missing);

        await Task.Delay(1500, TestContext.Current.CancellationToken);

        Assert.Equal(3, (await GetAsync(cache, Views(0, 3))).Missing.Count);
    }

    [Theory]
    [InlineData("garnet")]
    [InlineData("redis-server")]
    public async Task SetAsync_MostKeysReached_StoresNoMoreAndStillReads(string kind)
    {
        using var server = RedisServer.Start(kind);
        using var connection = await ConnectAsync(server);
        var cache = Create(connection, new CacheOptions { MaxKeys = 10 });
        for (var first = 0; first < 40; first += 4)
            await StoreAsync(cache, Views(first, 4));

        // Two calls of four fit, a third would pass the limit.
        Assert.Equal(8, (long)await connection.Database!.ExecuteAsync("DBSIZE"));
        Assert.Empty((await GetAsync(cache, Views(0, 8))).Missing);
        Assert.Equal(4, (await GetAsync(cache, Views(8, 4))).Missing.Count);
        await connection.Database!.KeyDeleteAsync([.. Views(0, 8).Select(view => (RedisKey)s_codec.Key(view))]);
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        await StoreAsync(cache, Views(40, 4));
        Assert.Empty((await GetAsync(cache, Views(40, 4))).Missing);
    }

    // About 330 bytes an entry with its key: 20,000 of them do not fit.
    [Theory]
    [InlineData("allkeys-lru")]
    [InlineData("noeviction")]
    public async Task SetAsync_ServersMemoryFull_LosesEntriesAndGoesOn(string policy)
    {
        using var server = RedisServer.Start("redis-server", "--maxmemory", "4mb", "--maxmemory-policy", policy);
        using var connection = await ConnectAsync(server);
        var cache = Create(connection);
        for (var first = 0; first < 20_000; first += 200)
            await StoreAsync(cache, Views(first, 200));

        var stored = 0;
        for (var first = 0; first < 20_000; first += 200)
            stored += 200 - (await GetAsync(cache, Views(first, 200))).Missing.Count;

        Assert.InRange(stored, 1000, 19_000);
        var state = await cache.CheckHealthAsync(new Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckContext(), TestContext.Current.CancellationToken);
        Assert.Equal(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy, state.Status);
    }

    [Fact]
    public async Task MemoryGetAsync_PartlyKnown_AsksOnlyForTheRest()
    {
        using var server = RedisServer.Start("garnet");
        using var connection = await ConnectAsync(server);
        var shared = Create(connection);
        await StoreAsync(shared, Views(0, 6));
        // Room for three rows.
        var memory = new MemoryLogitsCache(shared, Options.Create(new CacheOptions { Memory = 1 }));
        Assert.Empty((await GetAsync(memory, Views(0, 2))).Missing);
        await connection.Database!.KeyDeleteAsync([.. Views(0, 3).Select(view => (RedisKey)s_codec.Key(view))]);

        var found = await GetAsync(memory, [.. Views(5, 1), .. Views(2, 1), .. Views(1, 1), .. Views(3, 1)]);

        Assert.Equal([1], found.Missing);
        Assert.Equal([.. Row(5), .. Row(1), .. Row(3)], found.Logits.ToArray());
        Assert.Equal([0, 1, 2], (await GetAsync(shared, Views(0, 3))).Missing);
    }

    [Fact]
    public async Task MemorySetAsync_MoreThanFits_KeepsWhatCameFirst()
    {
        var memory = new MemoryLogitsCache(new NoLogitsCache(new TeacherMetrics(_meters)), Options.Create(new CacheOptions { Memory = 1 }));
        const int fits = (1 << 20) / (2 * Classes + 112);
        for (var first = 0; first < 2 * fits; first += 100)
            await StoreAsync(memory, Views(first, 100));

        Assert.Empty((await GetAsync(memory, Views(0, 3000))).Missing);
        Assert.Equal(2000, (await GetAsync(memory, Views(fits, 2000))).Missing.Count);
    }

    private RedisLogitsCache Create(RedisConnection connection, CacheOptions? options = null) =>
        new(connection, Options.Create(options ?? new CacheOptions()), new TeacherMetrics(_meters), TimeProvider.System, NullLogger<RedisLogitsCache>.Instance);

    private static async Task<RedisConnection> ConnectAsync(RedisServer server)
    {
        var connection = new RedisConnection($"127.0.0.1:{server.Port}");
        await connection.StartAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(connection.Database);
        return connection;
    }

    private static Task<CachedLogits> GetAsync(ILogitsCache cache, ViewId[] views) =>
        cache.GetAsync(s_codec, views, s_patience, TestContext.Current.CancellationToken);

    private static Task StoreAsync(ILogitsCache cache, ViewId[] views) =>
        cache.SetAsync(
            s_codec,
            views,
            Array.ConvertAll(
                views,
                view => s_codec.Encode(view, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(Row((int)(ulong)view.Value - 1)))
            ),
            s_patience,
            TestContext.Current.CancellationToken
        );

    private static ViewId[] Views(int first, int count) => [.. Enumerable.Range(first, count).Select(number => new ViewId((UInt128)(ulong)(number + 1)))];

    private static byte[] Row(int view) => [.. Enumerable.Range(0, Classes).SelectMany(c => BitConverter.GetBytes((Half)(view % 50 + c)))];
}
