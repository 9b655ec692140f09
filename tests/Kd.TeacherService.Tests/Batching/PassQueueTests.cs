using Kd.Settings;
using Kd.TeacherService.Batching;
using Kd.TeacherService.Diagnostics;
using Kd.Tests;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Tests.Batching;

public sealed class PassQueueTests : IDisposable
{
    private const int Side = 8;
    private readonly CancellationToken _test = TestContext.Current.CancellationToken;
    private readonly MeterFactory _meters = new();

    public void Dispose() => _meters.Dispose();

    [Fact]
    public async Task TakeAsync_SeveralRequests_ShareAPass()
    {
        var queue = Create(maxBatch: 8, maxDelay: TimeSpan.FromSeconds(30));
        var (first, second) = (Enqueue(queue, [1, 2, 3]), Enqueue(queue, [4, 5, 6, 7, 8]));

        // A full pass does not wait for the delay.
        var taken = await queue.TakeAsync().WaitAsync(TimeSpan.FromSeconds(10), _test);

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], Numbers(taken));
        Complete(queue, taken);
        AssertValues(await first, 1, 2, 3);
        AssertValues(await second, 4, 5, 6, 7, 8);
    }

    // One client has asked for a hundred views, another one for two: they are in the next pass.
    [Fact]
    public async Task TakeAsync_GreedyClient_DoesNotKeepTheOthersWaiting()
    {
        var queue = Create(maxBatch: 8, maxDelay: TimeSpan.Zero, largestQueue: 400);
        var greedy = Enqueue(queue, [.. Enumerable.Range(1, 100)], client: "greedy");
        var modest = Enqueue(queue, [201, 202], client: "modest");

        var taken = await queue.TakeAsync().WaitAsync(TimeSpan.FromSeconds(10), _test);

        Assert.Equal([1, 2, 3, 4, 5, 6, 201, 202], Numbers(taken).Order());
        Complete(queue, taken);
        AssertValues(await modest, 201, 202);
        while (!greedy.IsCompleted && queue.Length > 0)
            Complete(queue, await queue.TakeAsync());
        Assert.Equal(100, (await greedy).Length);
    }

    [Fact]
    public async Task Enqueue_ClientThatFillsTheQueue_DoesNotKeepTheOthersOut()
    {
        var queue = Create(maxBatch: 8, maxDelay: TimeSpan.FromSeconds(30), largestQueue: 40);
        var waiting = Enqueue(queue, [.. Enumerable.Range(1, 40)], client: "greedy");

        await Assert.ThrowsAsync<TeacherBusyException>(() => Enqueue(queue, [101], client: "greedy"));
        var other = Enqueue(queue, [.. Enumerable.Range(201, 40)], client: "modest");
        await Assert.ThrowsAsync<TeacherBusyException>(() => Enqueue(queue, [301], client: "third"));

        queue.Stop();
        while (queue.Length > 0)
            Complete(queue, await queue.TakeAsync());
        Assert.Equal((40, 40), ((await waiting).Length, (await other).Length));
    }

    [Fact]
    public async Task TakeAsync_FewViews_WaitsNoLongerThanTheDelay()
    {
        var queue = Create(maxBatch: 8, maxDelay: TimeSpan.FromMilliseconds(50));
        var asked = Enqueue(queue, [1, 2]);
        var taken = await queue.TakeAsync().WaitAsync(TimeSpan.FromSeconds(10), _test);
        Assert.Equal([1, 2], Numbers(taken));
        Complete(queue, taken);
        await asked;
    }

    [Fact]
    public async Task Enqueue_SameViewTwiceAtOnce_IsComputedOnce()
    {
        var queue = Create(maxBatch: 2, maxDelay: TimeSpan.Zero);
        var (first, second) = (Enqueue(queue, [1, 2]), Enqueue(queue, [2, 1, 3]));

        var taken = await queue.TakeAsync();
        // Also while it is being computed.
        var third = Enqueue(queue, [2]);
        Assert.Equal([1, 2], Numbers(taken));
        Assert.Equal(1, queue.Length);
        Complete(queue, taken);
        var rest = await queue.TakeAsync();

        Assert.Equal([3], Numbers(rest));
        Complete(queue, rest);
        AssertValues(await first, 1, 2);
        AssertValues(await second, 2, 1, 3);
        AssertValues(await third, 2);
    }

    [Fact]
    public async Task Enqueue_AnotherSize_IsNotInTheSamePass()
    {
        var queue = Create(maxBatch: 4, maxDelay: TimeSpan.Zero);
        _ = Enqueue(queue, [1, 2]);
        _ = Enqueue(queue, [3], side: 16);
        Assert.Equal([1, 2], Numbers(await queue.TakeAsync()));
        Assert.Equal([3], Numbers(await queue.TakeAsync()));
    }

    [Fact]
    public async Task Enqueue_FullQueue_IsRefusedAsAWholeWithAHint()
    {
        var queue = Create(maxBatch: 2, maxDelay: TimeSpan.Zero, largestQueue: 4);
        _ = Enqueue(queue, [1, 2, 3]);

        var error = await Assert.ThrowsAsync<TeacherBusyException>(() => Enqueue(queue, [4, 5]));

        Assert.Equal(3, queue.Length);
        Assert.True(error.RetryAfter > TimeSpan.Zero);
        Assert.Contains("Batching:LargestQueue", error.Message);
        // Views that wait already need no room.
        _ = Enqueue(queue, [1, 2, 3, 4]);
        Assert.Equal(4, queue.Length);
    }

    [Fact]
    public async Task Enqueue_Cancelled_LeavesTheQueueUnlessSomeoneElseWaits()
    {
        var queue = Create(maxBatch: 8, maxDelay: TimeSpan.Zero);
        using var stop = new CancellationTokenSource();
        var given = Enqueue(queue, [1, 2, 3], cancellation: stop.Token);
        var kept = Enqueue(queue, [2]);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);

        Assert.Equal(1, queue.Length);
        var taken = await queue.TakeAsync();
        Assert.Equal([2], Numbers(taken));
        Complete(queue, taken);
        AssertValues(await kept, 2);
    }

    [Fact]
    public async Task Stop_WithWaitingViews_DrainsAndTakesNoMore()
    {
        var queue = Create(maxBatch: 2, maxDelay: TimeSpan.FromMinutes(1));
        var asked = Enqueue(queue, [1]);

        queue.Stop();

        await Assert.ThrowsAsync<TeacherStoppingException>(() => Enqueue(queue, [2]));
        var taken = await queue.TakeAsync().WaitAsync(TimeSpan.FromSeconds(10), _test);
        Complete(queue, taken);
        AssertValues(await asked, 1);
        Assert.Empty(await queue.TakeAsync());
    }

    // Requests that were part of a full pass must not wake the loop again.
    [Fact]
    public async Task TakeAsync_AfterManyFullPasses_WaitsInsteadOfTurning()
    {
        var time = new CountingTime();
        var queue = Create(maxBatch: 1, maxDelay: TimeSpan.FromMilliseconds(200), time: time);
        for (var pass = 0; pass < 100; pass++)
        {
            var asked = Enqueue(queue, [1]);
            Complete(queue, await queue.TakeAsync());
            await asked;
        }

        var waits = time.Timers;
        var taken = queue.TakeAsync();
        await Task.Delay(100, _test);

        Assert.False(taken.IsCompleted);
        Assert.InRange(time.Timers - waits, 0, 2);
    }

    // A view that is asked for twice waits once, and one that is withdrawn no longer.
    [Fact]
    public async Task Load_RepeatedAndWithdrawnViews_IsTheNumberThatIsPending()
    {
        var time = new LaterTime();
        var queue = Create(maxBatch: 4, maxDelay: TimeSpan.Zero, time: time);
        var request = Enqueue(queue, [1, 1, 2]);
        using (queue.Enqueue([new ViewId(2), new ViewId(3)], new byte[2 * ViewRenderer.ByteCount(Side)], Side, "other"))
            time.Later += TimeSpan.FromHours(1);

        var taken = await queue.TakeAsync();

        time.Later += TimeSpan.FromHours(1);
        Assert.Equal(new QueueLoad(2, 0.5), queue.Load);
        Complete(queue, taken);
        await request;
        time.Later += TimeSpan.FromHours(1);
        Assert.Equal(new QueueLoad(0, 0), queue.Load);
    }

    private sealed class LaterTime : TimeProvider
    {
        public TimeSpan Later { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Later.TotalSeconds * TimestampFrequency);
    }

    private sealed class CountingTime : TimeProvider
    {
        public int Timers { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }

    private PassQueue Create(int maxBatch, TimeSpan maxDelay, int largestQueue = 1000, TimeProvider? time = null)
    {
        var options = new BatchingOptions
        {
            MaxBatch = maxBatch,
            MaxDelay = maxDelay,
            LargestQueue = largestQueue,
        };
        return new PassQueue(Options.Create(options), time ?? TimeProvider.System, new TeacherMetrics(_meters));
    }

    private static async Task<Half[][]> Enqueue(PassQueue queue, int[] numbers, int side = Side, string client = "", CancellationToken cancellation = default)
    {
        var views = Array.ConvertAll(numbers, number => new ViewId((UInt128)(ulong)number));
        using var request = queue.Enqueue(views, new byte[numbers.Length * ViewRenderer.ByteCount(side)], side, client);
        return await request.WaitAsync(cancellation);
    }

    // The "network" gives a view's own number.
    private static void Complete(PassQueue queue, List<WaitingView> views)
    {
        foreach (var (view, number) in views.Zip(Numbers(views)))
            view.Complete([(Half)number]);
        queue.Finish(views, TimeSpan.FromMilliseconds(10));
    }

    private static List<int> Numbers(List<WaitingView> views) => views.ConvertAll(view => (int)(ulong)view.Id.Value);

    private static void AssertValues(Half[][] rows, params int[] expected) => Assert.Equal(expected, rows.Select(row => (int)row[0]));
}
