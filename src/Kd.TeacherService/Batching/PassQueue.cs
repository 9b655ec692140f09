using Kd.TeacherService.Serving;
using Kd.Vision.Views;

namespace Kd.TeacherService.Batching;

/// <summary>Collects the views of concurrent requests into forward passes: a bounded queue in order of arrival, each view computed once.</summary>
/// <param name="options">Sizes and delay.</param>
/// <param name="time">Clock of the delay.</param>
internal sealed class PassQueue(BatchingOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<WaitingView> _queue = [];
    private readonly Dictionary<(ViewId, int), WaitingView> _known = [];
    private readonly SemaphoreSlim _changed = new(0, 1);
    private double _secondsPerPass = 0.1;
    private bool _isStopped;

    /// <summary>Views that wait for a pass.</summary>
    public int Length
    {
        get
        {
            lock (_gate)
                return _queue.Count;
        }
    }

    /// <summary>How long the passes of some views take by themselves, from the passes so far.</summary>
    public TimeSpan Expected(int views)
    {
        lock (_gate)
            return TimeSpan.FromSeconds(_secondsPerPass * ((views + options.MaxBatch - 1) / options.MaxBatch));
    }

    /// <summary>Begins the average of the pass duration with a measured one.</summary>
    public void BeginWith(TimeSpan duration)
    {
        lock (_gate)
            _secondsPerPass = duration.TotalSeconds;
    }

    /// <summary>Asks for the logits of views; one that waits or is computed already is shared.</summary>
    /// <param name="views">Their ids.</param>
    /// <param name="pixels">uint8 planes [N, 3, size, size]; must stay unchanged until the answer.</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="cancellation">Gives the views up; those that nobody else wants leave the queue.</param>
    /// <returns>Logits [C] of each view.</returns>
    /// <exception cref="TeacherBusyException">The queue has no room for all of them; none was taken.</exception>
    /// <exception cref="TeacherStoppingException">The service is stopping.</exception>
    public async Task<Half[][]> AskAsync(ViewId[] views, ReadOnlyMemory<byte> pixels, int size, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var asked = Add(views, pixels, size);
        Signal();
        try
        {
            return await Task.WhenAll(asked.Select(view => view.Logits)).WaitAsync(cancellation);
        }
        finally
        {
            GiveUp(asked);
        }
    }

    /// <summary>The views of the next pass: all of one size, at most MaxBatch; waits for them. Called from one loop.</summary>
    /// <returns>Empty when the queue was stopped and is drained.</returns>
    public async Task<List<WaitingView>> TakeAsync()
    {
        while (true)
        {
            TimeSpan wait;
            lock (_gate)
            {
                if (_queue.First is null && _isStopped)
                    return [];
                wait = _queue.First is null ? Timeout.InfiniteTimeSpan : RemainingDelay(_queue.First.Value);
                if (wait == TimeSpan.Zero)
                    return Take();
            }

            await WaitForChangeAsync(wait);
        }
    }

    /// <summary>Ends a pass: its views are known no more.</summary>
    /// <param name="views">Those that were taken.</param>
    /// <param name="duration">How long the pass took.</param>
    public void Finish(List<WaitingView> views, TimeSpan duration)
    {
        lock (_gate)
        {
            // A moving average.
            _secondsPerPass += 0.2 * (duration.TotalSeconds - _secondsPerPass);
            foreach (var view in views)
                _known.Remove((view.Id, view.Size));
        }
    }

    /// <summary>Takes no more requests; those that wait are still computed.</summary>
    public void Stop()
    {
        lock (_gate)
            _isStopped = true;
        Signal();
    }

    private List<WaitingView> Add(ViewId[] views, ReadOnlyMemory<byte> pixels, int size)
    {
        var bytes = ViewRenderer.ByteCount(size);
        lock (_gate)
        {
            if (_isStopped)
                throw new TeacherStoppingException();
            var fresh = views.Count(view => !_known.ContainsKey((view, size)));
            if (_queue.Count + fresh > options.LargestQueue)
                throw new TeacherBusyException(options.LargestQueue, _queue.Count, RetryHint());
            var asked = new List<WaitingView>(views.Length);
            for (var i = 0; i < views.Length; i++)
            {
                if (_known.TryGetValue((views[i], size), out var known))
                {
                    known.Askers++;
                    asked.Add(known);
                    continue;
                }

                var view = new WaitingView(views[i], size, pixels.Slice(i * bytes, bytes), time.GetTimestamp());
                _known.Add((view.Id, size), view);
                _queue.AddLast(view);
                asked.Add(view);
            }

            return asked;
        }
    }

    private void GiveUp(List<WaitingView> asked)
    {
        lock (_gate)
        {
            foreach (var view in asked)
            {
                if (--view.Askers > 0 || view.IsTaken)
                    continue;
                _queue.Remove(view);
                _known.Remove((view.Id, view.Size));
            }
        }
    }

    // Zero when the pass is full, the first view has waited long enough, or nobody will come any more.
    private TimeSpan RemainingDelay(WaitingView first)
    {
        if (_isStopped || _queue.Count >= options.MaxBatch && _queue.Count(view => view.Size == first.Size) >= options.MaxBatch)
            return TimeSpan.Zero;
        var remaining = options.MaxDelay - time.GetElapsedTime(first.Since);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    private List<WaitingView> Take()
    {
        var size = _queue.First!.Value.Size;
        var taken = new List<WaitingView>(options.MaxBatch);
        for (var node = _queue.First; node is not null && taken.Count < options.MaxBatch; )
        {
            var next = node.Next;
            if (node.Value.Size == size)
            {
                node.Value.IsTaken = true;
                taken.Add(node.Value);
                _queue.Remove(node);
            }

            node = next;
        }

        return taken;
    }

    // One permit at most: the loop looks at the whole queue, however many requests have come.
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
        using var cancellation = new CancellationTokenSource(longest, time);
        try
        {
            await _changed.WaitAsync(cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            // The delay is over.
        }
    }

    private TimeSpan RetryHint() => TimeSpan.FromSeconds(Math.Max(0.01, _secondsPerPass * _queue.Count / options.MaxBatch / 2));
}
