using Google.Protobuf;
using Kd.Protocol.Teacher.V1;
using Kd.Settings;
using Kd.Training.Diagnostics;
using Kd.Vision.Views;

namespace Kd.Training.Teaching;

/// <summary>
/// Gets logits from one teacher service, which computes those that its cache lacks. While the service is unavailable, calls wait and log a warning.
/// </summary>
/// <param name="connection">The connection to the service.</param>
/// <param name="largestCall">Largest number of views in one call, unless the service permits less.</param>
/// <param name="time">The clock.</param>
internal sealed class TeacherClient(TeacherConnection connection, int largestCall, TimeProvider time) : IDisposable
{
    private ClassOrder _order = ClassOrder.Same;
    private int _served = int.MaxValue;
    private string _teacherId = "";
    private long _hits,
        _computed,
        _lookupTicks,
        _labelTicks;

    /// <summary>Use of the teacher so far.</summary>
    public TeacherUsage Usage =>
        new(
            Interlocked.Read(ref _hits),
            Interlocked.Read(ref _computed),
            connection.Calls,
            new TimeSpan(Interlocked.Read(ref _lookupTicks)),
            new TimeSpan(Interlocked.Read(ref _labelTicks))
        );

    /// <summary>Use of each replica so far, ordered by name.</summary>
    public IReadOnlyList<ReplicaUsage> Replicas => connection.Replicas;

    /// <summary>Address of the service.</summary>
    public string Address => connection.Address;

    /// <summary>Mean number of views over the last half minute that calls waited for.</summary>
    public double WaitingViews => connection.WaitingViews;

    /// <summary>How long all attempts of the running calls have failed; zero since one succeeded, and if no call runs.</summary>
    public TimeSpan FailingFor => connection.FailingFor;

    /// <summary>Largest number of views in one call; final after <see cref="DescribeAsync"/>.</summary>
    public int CallSize => Math.Min(largestCall, _served);

    /// <summary>Gets the teacher's description, and maps its classes by name to those of the dataset, if that has any.</summary>
    /// <exception cref="TrainingException">The teacher's classes are not the dataset's.</exception>
    public async Task<DescribeReply> DescribeAsync(IReadOnlyList<string> classes, CancellationToken cancellation)
    {
        _teacherId = "";
        var reply = await CallDescribeAsync(cancellation);
        _order =
            ClassOrder.Find(reply.Classes, classes.Count > 0 ? classes : reply.Classes)
            ?? throw new TrainingException(
                $"The teacher at {Address} serves the classes {string.Join(", ", reply.Classes.Take(5))}, ... ({reply.Classes.Count}); "
                    + $"the dataset has {string.Join(", ", classes.Take(5))}, ... ({classes.Count}). Start both with the same Dataset:Path."
            );
        _served = reply.LargestCall;
        _teacherId = reply.TeacherId;
        return reply;
    }

    /// <summary>Waits until an unavailable teacher answers, logs its return, and checks that it is the same as before.</summary>
    /// <exception cref="TrainingException">It is another one.</exception>
    public async Task ReturnAsync(CancellationToken cancellation)
    {
        connection.ExpectReturn();
        CheckTeacher((await CallDescribeAsync(cancellation)).TeacherId);
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
        for (var start = 0; start < views.Length; start += CallSize)
        {
            var count = Math.Min(CallSize, views.Length - start);
            var missing = await LookupAsync(views.AsMemory(start, count), rows.AsMemory(start, count), storedOnly: false, cancellation);
            if (missing.Length > 0)
                await LabelMissingAsync(Array.ConvertAll(missing, index => start + index), views, pixels, size, rows, cancellation);
        }

        return [.. rows.SelectMany(row => row)];
    }

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

    public void Dispose() => connection.Dispose();

    private Task<DescribeReply> CallDescribeAsync(CancellationToken cancellation) =>
        connection.CallAsync("Describe", 1, (client, call) => client.DescribeAsync(new DescribeRequest(), call), cancellation);

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
        var reply = await connection.CallAsync("Label", views.Length, (client, call) => client.LabelAsync(request, call), cancellation);
        CheckTeacher(reply.TeacherId);
        Interlocked.Add(ref _labelTicks, time.GetElapsedTime(started).Ticks);
        Interlocked.Add(ref _computed, views.Length);
        return _order.Apply(LogitsWire.Unpack(reply.Logits, views.Length, reply.Classes));
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
        var reply = await connection.CallAsync("Lookup", views.Length, (client, call) => client.LookupAsync(request, call), cancellation);
        CheckTeacher(reply.TeacherId);
        Interlocked.Add(ref _lookupTicks, time.GetElapsedTime(started).Ticks);
        int[] missing = [.. reply.Missing];
        var logits = _order.Apply(LogitsWire.Unpack(reply.Logits, views.Length - missing.Length, reply.Classes));
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
                $"Teacher at {Address}: the run uses teacher {_teacherId}, but a replica answered as teacher {id}. "
                    + "Start all replicas with the same weights and settings."
            );
    }
}
