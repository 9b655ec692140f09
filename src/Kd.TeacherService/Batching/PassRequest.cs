namespace Kd.TeacherService.Batching;

/// <summary>Views that a request waits for.</summary>
/// <param name="logits">Logits [C] of each view.</param>
/// <param name="withdraw">Withdraws the request.</param>
internal sealed class PassRequest(IReadOnlyList<Task<Half[]>> logits, Action withdraw) : IDisposable
{
    /// <summary>Logits [C] of each view.</summary>
    public IReadOnlyList<Task<Half[]>> Logits => logits;

    /// <summary>Waits for all of them.</summary>
    public Task<Half[][]> WaitAsync(CancellationToken cancellation) => Task.WhenAll(logits).WaitAsync(cancellation);

    public void Dispose() => withdraw();
}
