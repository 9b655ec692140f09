using System.Diagnostics;
using Kd.Vision.Views;

namespace Kd.TeacherService.Batching;

/// <summary>A view that waits for a forward pass. Its mutable state is guarded by the queue's lock.</summary>
internal sealed class WaitingView(ViewId id, int size, ReadOnlyMemory<byte> pixels, string client, long since)
{
    private readonly TaskCompletionSource<Half[]> _logits = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ViewId Id => id;

    /// <summary>Width and height, px.</summary>
    public int Size => size;

    /// <summary>uint8 planes [3, size, size].</summary>
    public ReadOnlyMemory<byte> Pixels => pixels;

    /// <summary>Who asked for it first.</summary>
    public string Client => client;

    /// <summary>Timestamp of its arrival.</summary>
    public long Since => since;

    /// <summary>Number of requests that wait for it; at 0 it leaves the queue.</summary>
    public int WaitingRequests { get; set; } = 1;

    /// <summary>Whether it is part of a pass already.</summary>
    public bool IsTaken { get; set; }

    /// <summary>Trace context of the request that added it.</summary>
    public ActivityContext Request { get; } = Activity.Current?.Context ?? default;

    /// <summary>Its logits, [C].</summary>
    public Task<Half[]> Logits => _logits.Task;

    public void Complete(Half[] logits) => _logits.TrySetResult(logits);

    public void Fail(Exception error) => _logits.TrySetException(error);
}
