using System.Runtime.InteropServices;
using Kd.Settings;
using Kd.TeacherService.Diagnostics;
using Kd.Vision.Views;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Kd.TeacherService.Cache;

/// <summary>Caches logits in Redis or a compatible server, shared by replicas and runs.</summary>
/// <remarks>While the server is unavailable or too slow, no call waits for it; a background loop tests whether it answers again.</remarks>
internal sealed class RedisLogitsCache : ILogitsCache, IHealthCheck, IDisposable
{
    private static readonly TimeSpan s_retryInterval = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly RedisConnection _redis;
    private readonly CacheCircuit _circuit;
    private readonly KeyLimit _limit;
    private readonly TimeSpan _timeToLive;
    private readonly TeacherMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisLogitsCache> _logger;
    private int _full;

    public RedisLogitsCache(RedisConnection redis, IOptions<CacheOptions> options, TeacherMetrics metrics, TimeProvider time, ILogger<RedisLogitsCache> logger)
    {
        (_redis, _metrics, _time, _logger, _timeToLive) = (redis, metrics, time, logger, options.Value.TimeToLive);
        (_circuit, _limit) = (new CacheCircuit(metrics), new KeyLimit(options.Value.MaxKeys, time));
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
            _circuit.IsOpen
                ? HealthCheckResult.Degraded("Redis is unavailable or too slow; the teacher computes every view that is not in its memory.")
                : HealthCheckResult.Healthy()
        );

    public void Dispose() => _stop.Cancel();

    private async Task<T?> TryAsync<T>(Func<IDatabase, Task<T>> call, TimeSpan patience, CancellationToken cancellation)
        where T : class
    {
        if (_circuit.IsOpen)
        {
            _metrics.CacheFailures.Add(1);
            return null;
        }

        try
        {
            var database = _redis.Database ?? throw new RedisException("there is no connection");
            var answer = call(database);
            Observe(answer);
            var result = await answer.WaitAsync(patience, _time, cancellation);
            _circuit.RecordSuccess();
            return result;
        }
        catch (TimeoutException)
        {
            _metrics.CacheFailures.Add(1);
            if (_circuit.RecordTimeout())
                ContinueWithout(() => _logger.CacheTooSlow(patience.TotalMilliseconds), patience);
        }
        catch (RedisException error)
        {
            _metrics.CacheFailures.Add(1);
            if (_circuit.RecordFailure())
                ContinueWithout(() => _logger.CacheUnavailable(error.Message), patience);
        }

        return null;
    }

    private void ContinueWithout(Action log, TimeSpan patience)
    {
        log();
        _ = ReconnectAsync(patience);
    }

    private async Task ReconnectAsync(TimeSpan patience)
    {
        try
        {
            while (!await IsAnsweringAsync(patience))
                await Task.Delay(s_retryInterval, _time, _stop.Token);
            _circuit.Close();
            _logger.CacheAvailableAgain();
        }
        catch (OperationCanceledException)
        {
            // The service is stopping.
        }
    }

    private async Task<bool> IsAnsweringAsync(TimeSpan patience)
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

    // A call that fails after its caller has stopped waiting must not raise UnobservedTaskException.
    private static void Observe(Task task) =>
        _ = task.ContinueWith(
            failed => failed.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );

    private CachedLogits Decode(LogitsCodec codec, ViewId[] views, RedisValue[] values)
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
                _metrics.CacheDamaged.Add(1);
        }

        return new CachedLogits(missing, packed.AsMemory(0, at));
    }

    private async Task<object> StoreAsync(IDatabase database, KeyValuePair<RedisKey, RedisValue>[] pairs)
    {
        try
        {
            if (!await _limit.TryReserveAsync(database, pairs.Length))
                Refuse(pairs.Length, "Cache:MaxKeys");
            else if (_timeToLive == TimeSpan.Zero)
                await database.StringSetAsync(pairs);
            else
                await Task.WhenAll(pairs.Select(pair => database.StringSetAsync(pair.Key, pair.Value, _timeToLive)));
        }
        catch (RedisServerException error)
        {
            // It is full and must not evict, is a read-only replica, or this user may not write: existing entries can still be read.
            Refuse(pairs.Length, error.Message);
        }

        return pairs;
    }

    private void Refuse(int entries, string reason)
    {
        _metrics.CacheRefused.Add(entries);
        if (Interlocked.Exchange(ref _full, 1) == 0)
            _logger.CacheFull(reason);
    }
}
