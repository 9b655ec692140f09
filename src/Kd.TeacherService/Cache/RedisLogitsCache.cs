using System.Runtime.InteropServices;
using Kd.TeacherService.Serving;
using Kd.Vision.Views;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Kd.TeacherService.Cache;

/// <summary>The cache in Redis (or a server of its protocol), shared by replicas and runs. While it is away or too slow, no call waits for it; it is tried beside them.</summary>
internal sealed class RedisLogitsCache : ILogitsCache, IHealthCheck, IDisposable
{
    private static readonly TimeSpan s_betweenTries = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly RedisConnection _redis;
    private readonly CacheCircuit _circuit;
    private readonly KeyLimit _limit;
    private readonly TimeSpan _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisLogitsCache> _logger;
    private int _full;

    public RedisLogitsCache(RedisConnection redis, IOptions<CacheOptions> options, TimeProvider time, ILogger<RedisLogitsCache> logger)
    {
        (_redis, _time, _logger, _lifetime) = (redis, time, logger, options.Value.TimeToLive);
        (_circuit, _limit) = (new CacheCircuit(), new KeyLimit(options.Value.MaxKeys, time));
        TeacherTelemetry.CacheAvailable = () => _circuit.IsAway ? 0 : 1;
    }

    public async Task<CachedLogits> GetAsync(LogitsCodec codec, ViewId[] views, TimeSpan patience, CancellationToken cancellation)
    {
        var keys = Array.ConvertAll(views, view => (RedisKey)codec.Key(view));
        var values = await TryAsync(database => database.StringGetAsync(keys), patience, cancellation);
        return values is null ? CachedLogits.Nothing(views.Length) : Decode(codec, views, values);
    }

    public async Task SetAsync(LogitsCodec codec, ViewId[] views, byte[][] entries, TimeSpan patience, CancellationToken cancellation)
    {
        var pairs = new KeyValuePair<RedisKey, RedisValue>[views.Length];
        for (var i = 0; i < views.Length; i++)
            pairs[i] = new(codec.Key(views[i]), entries[i]);
        await TryAsync(database => StoreAsync(database, pairs), patience, cancellation);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            _circuit.IsAway
                ? HealthCheckResult.Degraded("Redis is away or too slow; the teacher computes every view that is not in its memory.")
                : HealthCheckResult.Healthy()
        );

    public void Dispose() => _stop.Cancel();

    private async Task<T?> TryAsync<T>(Func<IDatabase, Task<T>> call, TimeSpan patience, CancellationToken cancellation)
        where T : class
    {
        if (_circuit.IsAway)
        {
            TeacherTelemetry.CacheFailures.Add(1);
            return null;
        }

        try
        {
            var database = _redis.Database ?? throw new RedisException("there is no connection");
            var answer = call(database);
            Observe(answer);
            var result = await answer.WaitAsync(patience, _time, cancellation);
            _circuit.Succeeded();
            return result;
        }
        catch (TimeoutException)
        {
            TeacherTelemetry.CacheFailures.Add(1);
            if (_circuit.WasSlow())
                GoOnWithout(() => _logger.CacheIsSlow(patience.TotalMilliseconds), patience);
        }
        catch (RedisException error)
        {
            TeacherTelemetry.CacheFailures.Add(1);
            if (_circuit.Failed())
                GoOnWithout(() => _logger.CacheIsAway(error.Message), patience);
        }

        return null;
    }

    private void GoOnWithout(Action log, TimeSpan patience)
    {
        log();
        _ = TryAgainAsync(patience);
    }

    private async Task TryAgainAsync(TimeSpan patience)
    {
        try
        {
            while (!await AnswersAsync(patience))
                await Task.Delay(s_betweenTries, _time, _stop.Token);
            _circuit.Close();
            _logger.CacheIsBack();
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
    }

    private async Task<bool> AnswersAsync(TimeSpan patience)
    {
        try
        {
            if (_redis.Database is not { } database)
                return false;
            var answer = database.StringGetAsync(RedisConnection.Probe);
            Observe(answer);
            await answer.WaitAsync(patience, _time, _stop.Token);
            return true;
        }
        catch (Exception error) when (error is TimeoutException or RedisException)
        {
            return false;
        }
    }

    // Nobody may wait for it any more when it fails.
    private static void Observe(Task task) =>
        _ = task.ContinueWith(
            failed => failed.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );

    private static CachedLogits Decode(LogitsCodec codec, ViewId[] views, RedisValue[] values)
    {
        var packed = GC.AllocateUninitializedArray<byte>(codec.RowSize * values.Count(value => !value.IsNull));
        var (missing, at) = (new List<int>(), 0);
        for (var i = 0; i < views.Length; i++)
        {
            if (
                !values[i].IsNull
                && codec.TryDecode(views[i], ((ReadOnlyMemory<byte>)values[i]).Span, MemoryMarshal.Cast<byte, Half>(packed.AsSpan(at, codec.RowSize)))
            )
            {
                at += codec.RowSize;
                continue;
            }

            missing.Add(i);
            if (!values[i].IsNull)
                TeacherTelemetry.Damaged.Add(1);
        }

        return new CachedLogits(missing, packed.AsMemory(0, at));
    }

    private async Task<object> StoreAsync(IDatabase database, KeyValuePair<RedisKey, RedisValue>[] pairs)
    {
        try
        {
            if (!await _limit.TakeAsync(database, pairs.Length))
                Refuse(pairs.Length, "Cache:MaxKeys");
            else if (_lifetime == TimeSpan.Zero)
                await database.StringSetAsync(pairs);
            else
                await Task.WhenAll(pairs.Select(pair => database.StringSetAsync(pair.Key, pair.Value, _lifetime)));
        }
        catch (RedisServerException error) when (error.Message.StartsWith("OOM", StringComparison.Ordinal))
        {
            // Full, and not allowed to evict: what is there can still be read.
            Refuse(pairs.Length, error.Message);
        }

        return pairs;
    }

    private void Refuse(int entries, string reason)
    {
        TeacherTelemetry.Refused.Add(entries);
        if (Interlocked.Exchange(ref _full, 1) == 0)
            _logger.CacheIsFull(reason);
    }
}
