namespace Kd.TeacherService.Cache;

/// <summary>Whether the shared cache is worth asking: not from the moment when it failed, or was too slow several times in a row, until it is seen to answer again.</summary>
internal sealed class CacheCircuit
{
    private const int MostSlowCalls = 3;
    private int _slowCalls;
    private int _away;

    /// <summary>Whether it was last seen away.</summary>
    public bool IsAway => Volatile.Read(ref _away) == 1;

    /// <summary>A call succeeded.</summary>
    public void Succeeded() => Volatile.Write(ref _slowCalls, 0);

    /// <summary>It answers again.</summary>
    public void Close()
    {
        Volatile.Write(ref _slowCalls, 0);
        Volatile.Write(ref _away, 0);
    }

    /// <summary>A call failed.</summary>
    /// <returns>Whether it was there before.</returns>
    public bool Failed() => Interlocked.Exchange(ref _away, 1) == 0;

    /// <summary>A call took longer than the caller had patience for.</summary>
    /// <returns>Whether it counts as away from now on, and did not before.</returns>
    public bool WasSlow() => Interlocked.Increment(ref _slowCalls) >= MostSlowCalls && Failed();
}
