namespace Kd.TeacherService.Cache;

/// <summary>Whether the shared cache is worth asking: not for a moment after it failed, or was too slow several times in a row; then one call tries again.</summary>
/// <param name="time">The clock.</param>
internal sealed class CacheCircuit(TimeProvider time)
{
    private const int MostSlowCalls = 3;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private long _tryAgain = long.MinValue;
    private int _slowCalls;
    private int _away;

    /// <summary>Whether it was last seen away.</summary>
    public bool IsAway => Volatile.Read(ref _away) == 1;

    /// <summary>Whether a call should be made now. After a pause the first caller gets true, and the others false until it knows more.</summary>
    public bool TryEnter()
    {
        if (!IsAway)
            return true;
        var now = time.GetTimestamp();
        var tryAgain = Volatile.Read(ref _tryAgain);
        return now >= tryAgain && Interlocked.CompareExchange(ref _tryAgain, now + PauseTicks, tryAgain) == tryAgain;
    }

    /// <summary>A call succeeded.</summary>
    /// <returns>Whether the cache was away before.</returns>
    public bool Succeeded()
    {
        Volatile.Write(ref _slowCalls, 0);
        return Interlocked.Exchange(ref _away, 0) == 1;
    }

    /// <summary>A call failed.</summary>
    /// <returns>Whether the cache was there before.</returns>
    public bool Failed()
    {
        Volatile.Write(ref _tryAgain, time.GetTimestamp() + PauseTicks);
        return Interlocked.Exchange(ref _away, 1) == 0;
    }

    /// <summary>A call took longer than the caller had patience for.</summary>
    /// <returns>Whether the cache counts as away from now on, and did not before.</returns>
    public bool WasSlow() => (Interlocked.Increment(ref _slowCalls) >= MostSlowCalls || IsAway) && Failed();

    private long PauseTicks => (long)(s_pause.TotalSeconds * time.TimestampFrequency);
}
