using System.Runtime.CompilerServices;
using Kd.TeacherService.Serving;
using Kd.Vision.Views;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace Kd.TeacherService.Cache;

/// <summary>The cache in Redis (or a server of its protocol). While it is away, calls are left out for a moment, then tried again.</summary>
internal sealed class RedisLogitsCache(IConnectionMultiplexer redis, TimeProvider time, ILogger<RedisLogitsCache> logger) : ILogitsCache, IHealthCheck
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private long _tryAgain;
    private int _away;

    public async Task<Half[]?[]> GetAsync(string teacherId, ViewId[] views, int classes, CancellationToken cancellation)
    {
        var keys = Array.ConvertAll(views, view => LogitsCodec.Key(teacherId, view));
        var values = await TryAsync(database => database.StringGetAsync(Array.ConvertAll(keys, key => (RedisKey)key)), cancellation);
        var rows = new Half[]?[views.Length];
        for (var i = 0; values is not null && i < rows.Length; i++)
        {
            if (values[i].IsNull)
                continue;
            rows[i] = LogitsCodec.Decode(keys[i], (byte[])values[i]!, classes);
            if (rows[i] is null)
                TeacherTelemetry.Damaged.Add(1);
        }

        return rows;
    }

    public async Task SetAsync(string teacherId, ViewId[] views, Half[] logits, int classes, CancellationToken cancellation)
    {
        var entries = new KeyValuePair<RedisKey, RedisValue>[views.Length];
        for (var i = 0; i < views.Length; i++)
        {
            var key = LogitsCodec.Key(teacherId, views[i]);
            entries[i] = new(key, LogitsCodec.Encode(key, logits.AsSpan(i * classes, classes)));
        }

        await TryAsync(async database => new StrongBox<bool>(await database.StringSetAsync(entries)), cancellation);
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
}
