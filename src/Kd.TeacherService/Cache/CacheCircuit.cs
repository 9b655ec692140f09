using Kd.TeacherService.Diagnostics;

namespace Kd.TeacherService.Cache;

/// <summary>Circuit breaker of the shared cache: opens after a failure or several slow calls in a row, and closes once the cache answers again.</summary>
internal sealed class CacheCircuit
{
    private const int MostSlowCalls = 3;
    private int _slowCalls;
    private int _open;

    public CacheCircuit(TeacherMetrics metrics) => metrics.ObserveCacheAvailable(() => !IsOpen);

    /// <summary>Whether calls must not use the cache.</summary>
    public bool IsOpen => Volatile.Read(ref _open) == 1;

    /// <summary>Records a call that succeeded in time.</summary>
    public void RecordSuccess() => Volatile.Write(ref _slowCalls, 0);

    /// <summary>Records a call that failed, which opens the circuit.</summary>
    /// <returns>Whether the circuit was closed before.</returns>
    public bool RecordFailure() => Interlocked.Exchange(ref _open, 1) == 0;

    /// <summary>Records a call that took too long; several in a row open the circuit.</summary>
    /// <returns>Whether the circuit opened.</returns>
    public bool RecordTimeout() => Interlocked.Increment(ref _slowCalls) >= MostSlowCalls && RecordFailure();

    /// <summary>Closes the circuit: the cache answers again.</summary>
    public void Close()
    {
        Volatile.Write(ref _slowCalls, 0);
        Volatile.Write(ref _open, 0);
    }
}
