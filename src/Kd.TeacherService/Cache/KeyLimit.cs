using StackExchange.Redis;

namespace Kd.TeacherService.Cache;

/// <summary>Keeps the number of keys in the database near a limit: reads it at most once a second and counts the keys added since.</summary>
/// <param name="limit">Largest number of keys; 0: no limit.</param>
/// <param name="time">Clock of the reads.</param>
internal sealed class KeyLimit(long limit, TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private long _keys;
    private long _lastRead = long.MinValue;

    /// <summary>Reserves room for more keys.</summary>
    /// <returns>False where they would exceed the limit; nothing is reserved then.</returns>
    public async Task<bool> TryReserveAsync(IDatabase database, int keys)
    {
        if (limit == 0)
            return true;
        var now = time.GetTimestamp();
        var lastRead = Interlocked.Read(ref _lastRead);
        if (lastRead == long.MinValue || time.GetElapsedTime(lastRead, now) >= s_interval)
        {
            Interlocked.Exchange(ref _lastRead, now);
            Interlocked.Exchange(ref _keys, (long)await database.ExecuteAsync("DBSIZE"));
        }

        if (Interlocked.Add(ref _keys, keys) <= limit)
            return true;
        Interlocked.Add(ref _keys, -keys);
        return false;
    }
}
