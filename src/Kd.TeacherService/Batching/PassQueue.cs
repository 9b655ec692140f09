using Kd.ServiceDefaults.Telemetry;
using Kd.Settings;
using Kd.TeacherService.Diagnostics;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Batching;

/// <summary>Groups the views of concurrent requests into forward passes: a bounded queue that holds each view once, and whose clients take turns.</summary>
internal sealed class PassQueue
{
    private readonly BatchingOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly FairQueue _queue = new();
    private readonly Dictionary<(ViewId, int), WaitingView> _pending = [];
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly LoadAverage _load;
    private double _secondsPerPass = 0.1;
    private bool _isStopped;

    public PassQueue(IOptions<BatchingOptions> options, TimeProvider time, TeacherMetrics metrics)
    {
        (_options, _time, _load) = (options.Value, time, new LoadAverage(time));
        metrics.ObserveQueueLength(() => Length);
    }

    /// <summary>Number of views that wait for a pass.</summary>
    public int Length
    {
        get
        {
            lock (_gate)
                return _queue.Count;
        }
    }

    /// <summary>How busy the replica has been.</summary>
    public QueueLoad Load
    {
        get
        {
            var views = _load.Value;
            return new QueueLoad(views, Math.Round(views / _options.MaxBatch, 2));
        }
    }

    /// <summary>Estimates the duration of the passes of some views from earlier passes.</summary>
    public TimeSpan EstimateDuration(int views)
    {
        lock (_gate)
            return TimeSpan.FromSeconds(_secondsPerPass * ((views + _options.MaxBatch - 1) / _options.MaxBatch));
    }

    /// <summary>Sets the initial value of the average pass duration.</summary>
    public void SetPassDuration(TimeSpan duration)
    {
        lock (_gate)
            _secondsPerPass = duration.TotalSeconds;
    }

    /// <summary>Queues views for computation; a view that is pending already is computed once.</summary>
    /// <param name="views">Their ids.</param>
    /// <param name="pixels">uint8 planes [N, 3, size, size]; must not change until the request is disposed.</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="client">Who asks; clients take turns.</param>
    /// <returns>The request. Disposing it withdraws it: views that no other request waits for leave the queue.</returns>
    /// <exception cref="TeacherBusyException">The queue has no room for all of them; none was added.</exception>
    /// <exception cref="TeacherStoppingException">The service is stopping.</exception>
    public PassRequest Enqueue(ViewId[] views, ReadOnlyMemory<byte> pixels, int size, string client)
    {
        var requested = Add(views, pixels, size, client);
        Signal();
        return new PassRequest(requested.ConvertAll(view => view.Logits), () => Withdraw(requested));
    }

    /// <summary>Waits for the views of the next pass and removes them from the queue. Must be called from one loop only.</summary>
    /// <returns>At most MaxBatch views of one size; none when the queue is stopped and drained.</returns>
    public async Task<List<WaitingView>> TakeAsync()
    {
        while (true)
        {
            TimeSpan wait;
            lock (_gate)
            {
                var oldest = _queue.Oldest;
                if (oldest is null && _isStopped)
                    return [];
                wait = oldest is null ? Timeout.InfiniteTimeSpan : RemainingDelay(oldest);
                if (wait == TimeSpan.Zero)
                    return Take();
            }

            await WaitForChangeAsync(wait);
        }
    }

    /// <summary>Ends a pass: its views are no longer pending.</summary>
    /// <param name="views">Views of the pass.</param>
    /// <param name="duration">Duration of the pass.</param>
    public void Finish(List<WaitingView> views, TimeSpan duration)
    {
        lock (_gate)
        {
            // An exponential moving average.
            _secondsPerPass += 0.2 * (duration.TotalSeconds - _secondsPerPass);
            foreach (var view in views)
                _pending.Remove((view.Id, view.Size));
            _load.Add(-views.Count);
        }
    }

    /// <summary>Refuses new requests; views that wait are still computed.</summary>
    public void Stop()
    {
        lock (_gate)
            _isStopped = true;
        Signal();
    }

    private List<WaitingView> Add(ViewId[] views, ReadOnlyMemory<byte> pixels, int size, string client)
    {
        var bytes = ViewRenderer.ByteCount(size);
        lock (_gate)
        {
            if (_isStopped)
                throw new TeacherStoppingException();
            var fresh = views.Count(view => !_pending.ContainsKey((view, size)));
            if (!HasRoom(client, fresh, (long)fresh * bytes))
                throw new TeacherBusyException(_options.LargestQueue, _options.QueueMemory, _queue.Count, RetryHint());
            var requested = new List<WaitingView>(views.Length);
            for (var i = 0; i < views.Length; i++)
            {
                if (_pending.TryGetValue((views[i], size), out var pending))
                {
                    pending.WaitingRequests++;
                    requested.Add(pending);
                    continue;
                }

                var view = new WaitingView(views[i], size, pixels.Slice(i * bytes, bytes), client, _time.GetTimestamp());
                _pending.Add((view.Id, size), view);
                _queue.Add(view);
                _load.Add(1);
                requested.Add(view);
            }

            return requested;
        }
    }

    private void Withdraw(List<WaitingView> requested)
    {
        lock (_gate)
        {
            foreach (var view in requested)
            {
                if (--view.WaitingRequests > 0 || view.IsTaken)
                    continue;
                _queue.Remove(view);
                _pending.Remove((view.Id, view.Size));
                _load.Add(-1);
            }
        }
    }

    // A client with nothing in the queue gets in, up to twice the limits, however full others have made it.
    private bool HasRoom(string client, int views, long bytes)
    {
        var factor = _queue.CountOf(client) == 0 ? 2 : 1;
        return _queue.Count + views <= factor * (long)_options.LargestQueue
            // A single call may have more pixels than the limit: it is taken when nothing else waits.
            && (_queue.Count == 0 || _queue.Bytes + bytes <= (factor * (long)_options.QueueMemory) << 20);
    }

    // Zero when the pass is full, the first view has waited long enough, or no more requests can arrive.
    private TimeSpan RemainingDelay(WaitingView first)
    {
        if (_isStopped || _queue.Count >= _options.MaxBatch && _queue.CountOf(first.Size) >= _options.MaxBatch)
            return TimeSpan.Zero;
        var remaining = _options.MaxDelay - _time.GetElapsedTime(first.Since);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    private List<WaitingView> Take()
    {
        var taken = _queue.Take(_options.MaxBatch);
        taken.ForEach(view => view.IsTaken = true);
        return taken;
    }

    // At most one permit: the loop reads the whole queue each time, however many requests have arrived.
    private void Signal()
    {
        lock (_gate)
        {
            if (_changed.CurrentCount == 0)
                _changed.Release();
        }
    }

    private async Task WaitForChangeAsync(TimeSpan longest)
    {
        using var cancellation = new CancellationTokenSource(longest, _time);
        try
        {
            await _changed.WaitAsync(cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            // The delay has passed.
        }
    }

    private TimeSpan RetryHint() => TimeSpan.FromSeconds(Math.Max(0.01, _secondsPerPass * _queue.Count / _options.MaxBatch / 2));
}
