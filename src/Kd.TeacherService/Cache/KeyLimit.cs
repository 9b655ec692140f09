using StackExchange.Redis;

namespace Kd.TeacherService.Cache;

/// <summary>Keeps the number of keys in the database near a limit: asks for it now and then, and counts what was added since.</summary>
/// <param name="limit">Largest number of keys; 0: none.</param>
/// <param name="time">The clock.</param>
internal sealed class KeyLimit(long limit, TimeProvider time)
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(1);
    private long _keys;
    private long _asked = long.MinValue;

    /// <summary>Whether there is room for some more keys; they count as added.</summary>
    public async Task<bool> TakeAsync(IDatabase database, int keys)
    {
        if (limit == 0)
            return true;
        var now = time.GetTimestamp();
        var asked = Interlocked.Read(ref _asked);
        if (asked == long.MinValue || time.GetElapsedTime(asked, now) >= s_between)
        {
            Interlocked.Exchange(ref _asked, now);
            Interlocked.Exchange(ref _keys, (long)await database.ExecuteAsync("DBSIZE"));
        }

        if (Interlocked.Add(ref _keys, keys) <= limit)
            return true;
        Interlocked.Add(ref _keys, -keys);
        return false;
    }
}
