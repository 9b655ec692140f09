using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kd.TeacherService.Serving;
using Kd.Vision.Views;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Kd.TeacherService.Cache;

/// <summary>The cache in Redis (or a server of its protocol). While it is away, calls are left out for a moment, then tried again.</summary>
internal sealed class RedisLogitsCache(IConnectionMultiplexer redis, IOptions<CacheOptions> options, TimeProvider time, ILogger<RedisLogitsCache> logger) : ILogitsCache, IHealthCheck
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private long _tryAgain;
    private int _away;

    public async Task<CachedLogits> GetAsync(LogitsCodec codec, ViewId[] views, CancellationToken cancellation)
    {
        var keys = Array.ConvertAll(views, view => (RedisKey)codec.Key(view));
        var values = await TryAsync(database => database.StringGetAsync(keys), cancellation);
        return values is null ? CachedLogits.Nothing(views.Length) : Decode(codec, views, values);
    }

    public async Task SetAsync(LogitsCodec codec, ViewId[] views, byte[][] entries, CancellationToken cancellation)
    {
        var pairs = new KeyValuePair<RedisKey, RedisValue>[views.Length];
        for (var i = 0; i < views.Length; i++)
            pairs[i] = new(codec.Key(views[i]), entries[i]);
        await TryAsync(async database => new StrongBox<bool>(await StoreAsync(database, pairs)), cancellation);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Volatile.Read(ref _away) == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded("Redis is away; the teacher computes every view."));

    private async Task<T?> TryAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancellation)
        where T : class
    {
        if (time.GetTimestamp() < Volatile.Read(ref _tryAgain))
        {
            TeacherTelemetry.CacheFailures.Add(1);
            return null;
        }

        try
        {
            var result = await call(redis.GetDatabase()).WaitAsync(cancellation);
            if (Interlocked.Exchange(ref _away, 0) == 1)
                logger.CacheIsBack();
            return result;
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            TeacherTelemetry.CacheFailures.Add(1);
            Volatile.Write(ref _tryAgain, time.GetTimestamp() + (long)(s_pause.TotalSeconds * time.TimestampFrequency));
            if (Interlocked.Exchange(ref _away, 1) == 0)
                logger.CacheIsAway(error.Message);
            return null;
        }
    }

    private static CachedLogits Decode(LogitsCodec codec, ViewId[] views, RedisValue[] values)
    {
        var packed = new byte[2 * codec.Classes * values.Count(value => !value.IsNull)];
        var (missing, at) = (new List<int>(), 0);
        for (var i = 0; i < views.Length; i++)
        {
            if (!values[i].IsNull && codec.TryDecode(views[i], ((ReadOnlyMemory<byte>)values[i]).Span, MemoryMarshal.Cast<byte, Half>(packed.AsSpan(at, 2 * codec.Classes))))
            {
                at += 2 * codec.Classes;
                continue;
            }

            missing.Add(i);
            if (!values[i].IsNull)
                TeacherTelemetry.Damaged.Add(1);
        }

        return new CachedLogits(missing, packed.AsMemory(0, at));
    }

    private async Task<bool> StoreAsync(IDatabase database, KeyValuePair<RedisKey, RedisValue>[] pairs)
    {
        var lifetime = options.Value.TimeToLive;
        if (lifetime == TimeSpan.Zero)
            return await database.StringSetAsync(pairs);
        var stored = await Task.WhenAll(pairs.Select(pair => database.StringSetAsync(pair.Key, pair.Value, lifetime)));
        return stored.All(done => done);
    }
}
