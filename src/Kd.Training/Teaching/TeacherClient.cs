using System.Collections.Concurrent;
using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Kd.Protocol.Teacher.V1;
using Kd.ServiceDefaults.Connections;
using Kd.Settings;
using Kd.Training.Diagnostics;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;
using Polly;

namespace Kd.Training.Teaching;

/// <summary>
/// Gets logits from the teacher service, which computes those that its cache lacks. While the service is unavailable, calls wait and log a warning.
/// </summary>
internal sealed class TeacherClient(
    GrpcChannelPoolFactory pools,
    IOptions<TeacherClientOptions> options,
    TrainingMetrics instruments,
    TimeProvider time,
    ILogger<TeacherClient> logger
) : IDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private GrpcChannelPool? _pool;
    private int _callSize = options.Value.CallSize;
    private string _teacherId = "";
    private ResiliencePipeline? _retries,
        _firstContact;
    private long _hits,
        _computed,
        _calls,
        _lookupTicks,
        _labelTicks;
    private readonly ConcurrentDictionary<string, ReplicaUsage> _replicas = new();
    private int _isUnavailable;

    /// <summary>Use of the teacher so far.</summary>
    public TeacherUsage Usage =>
        new(
            Interlocked.Read(ref _hits),
            Interlocked.Read(ref _computed),
            Interlocked.Read(ref _calls),
            new TimeSpan(Interlocked.Read(ref _lookupTicks)),
            new TimeSpan(Interlocked.Read(ref _labelTicks))
        );

    /// <summary>Use of each replica so far, ordered by name.</summary>
    public IReadOnlyList<ReplicaUsage> Replicas => [.. _replicas.Values.OrderBy(replica => replica.Name, StringComparer.Ordinal)];

    /// <summary>Largest number of views in one call; final after <see cref="DescribeAsync"/>.</summary>
    public int CallSize => _callSize;

    /// <summary>Gets the teacher's description, and checks that its classes are those of the dataset, if that has any.</summary>
    /// <exception cref="TrainingException">The teacher's classes are not the dataset's.</exception>
    public async Task<DescribeReply> DescribeAsync(IReadOnlyList<string> classes, CancellationToken cancellation)
    {
        _teacherId = "";
        var reply = await CallAsync("Describe", 1, (client, call) => client.DescribeAsync(new DescribeRequest(), call), cancellation);
        if (classes.Count > 0 && !reply.Classes.SequenceEqual(classes))
            throw new TrainingException(
                $"The teacher serves the classes {string.Join(", ", reply.Classes.Take(5))}, ... ({reply.Classes.Count}); "
                    + $"the dataset has {string.Join(", ", classes.Take(5))}, ... ({classes.Count}). Start both with the same Dataset:Path."
            );
        _callSize = Math.Min(options.Value.CallSize, reply.LargestCall);
        _teacherId = reply.TeacherId;
        return reply;
    }

    /// <summary>Gets the logits of views.</summary>
    /// <param name="views">Ids of the views.</param>
    /// <param name="pixels">Pixels of the views, [N, 3, size, size], sent only for views that the cache lacks.</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>Logits, row-major [N, C], at temperature 1.</returns>
    public async Task<float[]> GetLogitsAsync(ViewId[] views, ReadOnlyMemory<byte> pixels, int size, CancellationToken cancellation)
    {
        var rows = new float[views.Length][];
        for (var start = 0; start < views.Length; start += _callSize)
        {
            var count = Math.Min(_callSize, views.Length - start);
            var missing = await LookupAsync(views.AsMemory(start, count), rows.AsMemory(start, count), storedOnly: false, cancellation);
            if (missing.Length > 0)
                await LabelMissingAsync(Array.ConvertAll(missing, index => start + index), views, pixels, size, rows, cancellation);
        }

        return [.. rows.SelectMany(row => row)];
    }

    /// <summary>Finds the views that the shared cache lacks.</summary>
    /// <returns>Indexes of these views, ascending.</returns>
    public Task<int[]> FindNotStoredAsync(ViewId[] views, CancellationToken cancellation) =>
        LookupAsync(views, new float[views.Length][], storedOnly: true, cancellation);

    /// <summary>Gets the logits of each view from the shared cache; null for a view that it lacks.</summary>
    public async Task<float[]?[]> GetStoredAsync(ViewId[] views, CancellationToken cancellation)
    {
        var rows = new float[views.Length][];
        await LookupAsync(views, rows, storedOnly: true, cancellation);
        return rows;
    }

    /// <summary>Lets the teacher compute the logits of views.</summary>
    /// <param name="views">Ids of the views, at most <see cref="CallSize"/>.</param>
    /// <param name="pixels">uint8 planes [N, 3, size, size].</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="store">Whether the logits are stored in the cache.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>Logits of each view.</returns>
    public async Task<float[][]> LabelAsync(ViewId[] views, ReadOnlyMemory<byte> pixels, int size, bool store, CancellationToken cancellation)
    {
        var bytes = ViewRenderer.ByteCount(size);
        // More than one call where the pixels do not fit into a message.
        var most = Math.Max(1, CallLimits.LargestPixels / bytes);
        var rows = new List<float[]>(views.Length);
        for (var start = 0; start < views.Length; start += most)
        {
            var count = Math.Min(most, views.Length - start);
            rows.AddRange(await LabelOnceAsync(views.AsMemory(start, count), pixels.Slice(start * bytes, count * bytes), size, store, cancellation));
        }

        return [.. rows];
    }

    public void Dispose() => _pool?.Dispose();

    private async Task<float[][]> LabelOnceAsync(
        ReadOnlyMemory<ViewId> views,
        ReadOnlyMemory<byte> pixels,
        int size,
        bool store,
        CancellationToken cancellation
    )
    {
        var request = new LabelRequest
        {
            ViewIds = LogitsWire.Pack(views.Span),
            Pixels = UnsafeByteOperations.UnsafeWrap(pixels),
            Height = size,
            Width = size,
            DoNotStore = !store,
            TeacherId = _teacherId,
        };
        var started = time.GetTimestamp();
        var reply = await CallAsync("Label", views.Length, (client, call) => client.LabelAsync(request, call), cancellation);
        CheckTeacher(reply.TeacherId);
        Interlocked.Add(ref _labelTicks, time.GetElapsedTime(started).Ticks);
        Interlocked.Add(ref _computed, views.Length);
        return LogitsWire.Unpack(reply.Logits, views.Length, reply.Classes);
    }

    private async Task<int[]> LookupAsync(ReadOnlyMemory<ViewId> views, Memory<float[]> rows, bool storedOnly, CancellationToken cancellation)
    {
        var request = new LookupRequest
        {
            ViewIds = LogitsWire.Pack(views.Span),
            StoredOnly = storedOnly,
            TeacherId = _teacherId,
        };
        var started = time.GetTimestamp();
        var reply = await CallAsync("Lookup", views.Length, (client, call) => client.LookupAsync(request, call), cancellation);
        CheckTeacher(reply.TeacherId);
        Interlocked.Add(ref _lookupTicks, time.GetElapsedTime(started).Ticks);
        int[] missing = [.. reply.Missing];
        var logits = LogitsWire.Unpack(reply.Logits, views.Length - missing.Length, reply.Classes);
        var (next, at) = (0, 0);
        for (var i = 0; i < views.Length; i++)
        {
            if (next < missing.Length && missing[next] == i)
                next++;
            else
                rows.Span[i] = logits[at++];
        }

        Interlocked.Add(ref _hits, at);
        return missing;
    }

    private async Task LabelMissingAsync(int[] indexes, ViewId[] views, ReadOnlyMemory<byte> pixels, int size, float[][] rows, CancellationToken cancellation)
    {
        var bytes = ViewRenderer.ByteCount(size);
        var chosen = new byte[indexes.Length * bytes];
        for (var i = 0; i < indexes.Length; i++)
            pixels.Slice(indexes[i] * bytes, bytes).CopyTo(chosen.AsMemory(i * bytes));
        var logits = await LabelAsync(Array.ConvertAll(indexes, index => views[index]), chosen, size, store: true, cancellation);
        for (var i = 0; i < indexes.Length; i++)
            rows[indexes[i]] = logits[i];
    }

    private void CheckTeacher(string id)
    {
        if (id.Length > 0 && _teacherId.Length > 0 && id != _teacherId)
            throw new TrainingException(
                $"Teacher at {options.Value.Address}: the run uses teacher {_teacherId}, but a replica answered as teacher {id}. "
                    + "Start all replicas with the same weights and settings."
            );
    }

    private async Task<T> CallAsync<T>(string kind, long cost, Func<Teacher.TeacherClient, CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation)
    {
        // The span includes all attempts, each of which has a span of its own below it.
        using var activity = TrainingTelemetry.Start(
            kind switch
            {
                "Lookup" => SpanNames.LookUpLogits,
                "Label" => SpanNames.LabelViews,
                _ => SpanNames.DescribeTeacher,
            }
        );
        activity?.SetTag("kd.views", cost);
        var pool = await OpenAsync(cancellation);
        _retries ??= PatientCall.Create(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), time, OnRetry);
        _firstContact ??= PatientCall.Create(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(400), time, OnFirstRetry);
        var attempts = 0;
        T result;
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
            throw RefusedCall.Explain("Teacher", options.Value.Address, error);
        }

        Interlocked.Increment(ref _calls);
        if (Interlocked.Exchange(ref _isUnavailable, 0) == 1)
            logger.TeacherIsBack();
        return result;
    }

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
            time.GetUtcNow().UtcDateTime + options.Value.Timeout,
            cancellation
        );

    private void OnRetry(RpcException error, int attempt, TimeSpan delay)
    {
        instruments.TeacherRetries.Add(1);
        // A busy replica or a lost connection recovers by itself; only a longer failure deserves a warning.
        if (attempt >= 3 && Interlocked.Exchange(ref _isUnavailable, 1) == 0)
            logger.TeacherIsAway(options.Value.Address, error.Status.Detail);
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
            return _pool ??= await pools.OpenAsync(options.Value.Address, options.Value.Connections, CallLimits.LargestMessage, cancellation);
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
