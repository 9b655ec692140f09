using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Kd.Protocol.Teacher.V1;
using Kd.ServiceDefaults.Connections;
using Kd.ServiceDefaults.Telemetry;
using Kd.Settings;
using Kd.Training.Diagnostics;
using Polly;

namespace Kd.Training.Teaching;

/// <summary>Calls the replicas of one teacher. While none is available, calls wait and log a warning.</summary>
/// <param name="address">Address of the teacher's replicas.</param>
/// <param name="pools">Opens the connections.</param>
/// <param name="options">Number of connections and deadline.</param>
/// <param name="instruments">Counts the retries.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives the warnings.</param>
internal sealed class TeacherConnection(
    string address,
    GrpcChannelPoolFactory pools,
    TeacherClientOptions options,
    TrainingMetrics instruments,
    TimeProvider time,
    ILogger logger
) : IDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private readonly ConcurrentDictionary<string, ReplicaUsage> _replicas = new();
    private readonly LoadAverage _waiting = new(time);
    private GrpcChannelPool? _pool;
    private ResiliencePipeline? _retries,
        _firstContact;
    private long _calls,
        _failingSince;
    private int _isUnavailable,
        _running;

    /// <summary>Address of the teacher's replicas.</summary>
    public string Address => address;

    /// <summary>Number of calls so far.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>Use of each replica so far, ordered by name.</summary>
    public IReadOnlyList<ReplicaUsage> Replicas => [.. _replicas.Values.OrderBy(replica => replica.Name, StringComparer.Ordinal)];

    /// <summary>Mean number of views over the last half minute that calls asked for and waited for, also while no replica was available.</summary>
    public double WaitingViews => _waiting.Value;

    /// <summary>How long all attempts of the running calls have failed; zero since one succeeded, and if no call runs.</summary>
    public TimeSpan FailingFor => Interlocked.Read(ref _failingSince) is not 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Calls the teacher until it answers.</summary>
    /// <param name="kind">Name of the call, each kind of which is spread over the replicas.</param>
    /// <param name="cost">Number of views.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="TrainingException">The teacher refused the call.</exception>
    public async Task<T> CallAsync<T>(string kind, long cost, Func<Teacher.TeacherClient, CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation)
    {
        using var activity = StartSpan(kind, cost);
        _waiting.Add(cost);
        try
        {
            return await CallPatientlyAsync(kind, cost, call, cancellation);
        }
        finally
        {
            _waiting.Add(-cost);
        }
    }

    /// <summary>Suppresses the warning that the teacher is unavailable, which the caller has logged; its return is still logged.</summary>
    public void ExpectReturn() => Interlocked.Exchange(ref _isUnavailable, 1);

    public void Dispose() => _pool?.Dispose();

    private async Task<T> CallPatientlyAsync<T>(
        string kind,
        long cost,
        Func<Teacher.TeacherClient, CallOptions, AsyncUnaryCall<T>> call,
        CancellationToken cancellation
    )
    {
        var pool = await OpenAsync(cancellation);
        _retries ??= PatientCall.Create(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), time, OnRetry);
        _firstContact ??= PatientCall.Create(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(400), time, OnFirstRetry);
        var attempts = 0;
        T result;
        Interlocked.Increment(ref _running);
        try
        {
            result = await (kind == "Describe" ? _firstContact : _retries).ExecuteAsync(
                async token => await RecordUsageAsync(call(new Teacher.TeacherClient(pool.Next(kind, cost)), Options(attempts++, token)), kind, cost),
                cancellation
            );
        }
        catch (RpcException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw RefusedCall.Explain("Teacher", address, error);
        }
        finally
        {
            // No call is left that could tell whether the teacher still fails.
            if (Interlocked.Decrement(ref _running) == 0)
                Interlocked.Exchange(ref _failingSince, 0);
        }

        Interlocked.Increment(ref _calls);
        Interlocked.Exchange(ref _failingSince, 0);
        if (Interlocked.Exchange(ref _isUnavailable, 0) == 1)
            logger.TeacherIsBack(address);
        return result;
    }

    // The span includes all attempts, each of which has a span of its own below it.
    private static Activity? StartSpan(string kind, long cost) =>
        TrainingTelemetry
            .Start(
                kind switch
                {
                    "Lookup" => SpanNames.LookUpLogits,
                    "Label" => SpanNames.LabelViews,
                    _ => SpanNames.DescribeTeacher,
                }
            )
            ?.SetTag("kd.views", cost);

    private async Task<T> RecordUsageAsync<T>(AsyncUnaryCall<T> call, string kind, long views)
    {
        using var _ = call;
        var started = time.GetTimestamp();
        var reply = await call;
        if ((await call.ResponseHeadersAsync).GetValue(ReplicaName.Header) is { } name)
        {
            var (lookedUp, computed) = kind switch
            {
                "Lookup" => (views, 0L),
                "Label" => (0L, views),
                _ => (0L, 0L),
            };
            var one = new ReplicaUsage(name, 1, lookedUp, computed, time.GetElapsedTime(started), time.GetUtcNow());
            _replicas.AddOrUpdate(name, one, (_, soFar) => soFar + one);
        }

        return reply;
    }

    private CallOptions Options(int attempts, CancellationToken cancellation) =>
        new(
            attempts == 0 ? null : new Metadata { { PatientCall.AttemptHeader, attempts.ToString(CultureInfo.InvariantCulture) } },
            time.GetUtcNow().UtcDateTime + options.Timeout,
            cancellation
        );

    private void OnRetry(RpcException error, int attempt, TimeSpan delay)
    {
        instruments.TeacherRetries.Add(1);
        // A teacher with a full queue is busy, not unavailable.
        if (error.StatusCode != StatusCode.ResourceExhausted)
            Interlocked.CompareExchange(ref _failingSince, time.GetTimestamp(), 0);
        // A busy replica or a lost connection recovers by itself; only a longer failure deserves a warning.
        if (attempt >= 3 && Interlocked.Exchange(ref _isUnavailable, 1) == 0)
            logger.TeacherIsAway(address, error.Status.Detail);
    }

    // The teacher may be starting beside this process, and load its network for seconds.
    private void OnFirstRetry(RpcException error, int attempt, TimeSpan delay) => OnRetry(error, attempt < 50 ? 0 : attempt, delay);

    private async Task<GrpcChannelPool> OpenAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _pool) is { } open)
            return open;
        await _opening.WaitAsync(cancellation);
        try
        {
            return _pool ??= await pools.OpenAsync(address, options.Connections, CallLimits.LargestMessage, cancellation);
        }
        catch (ArgumentException error)
        {
            throw new TrainingException($"TeacherClient:Address: {error.Message}", error);
        }
        finally
        {
            _opening.Release();
        }
    }
}
