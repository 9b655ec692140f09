namespace Kd.ServiceDefaults.Connections;

/// <summary>The present load of each replica.</summary>
internal sealed class ReplicaLoads
{
    private const int SlowFactor = 3;

    // Smaller differences are those of a busy machine, not of a slow replica.
    private static readonly TimeSpan s_difference = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(1);
    private readonly Dictionary<string, (int Calls, long Slowness)> _loads = [];

    /// <param name="works">Calls to each replica so far.</param>
    /// <param name="connections">All connections.</param>
    /// <param name="kind">Kind of the calls.</param>
    /// <param name="time">The clock.</param>
    public ReplicaLoads(IReadOnlyDictionary<string, ReplicaWork> works, IReadOnlyList<ReplicaConnection> connections, string kind, TimeProvider time)
    {
        Now = time.GetTimestamp();
        var known = works.Values.Select(work => work.Fastest(time, Now)).OfType<TimeSpan>().Order().ToList();
        // The median: other clients' calls make a replica that has none of them look fast.
        TimeSpan? usual = known.Count > 0 ? known[(known.Count - 1) / 2] : null;
        foreach (var replica in connections.GroupBy(connection => connection.Replica))
        {
            var calls = replica.SelectMany(connection => connection.Calls).Where(call => call.Kind == kind).ToList();
            // A call that has no response yet takes at least as long as it has waited.
            var duration = calls
                .Select(call => time.GetElapsedTime(call.Started, Now) / call.Depth)
                .Append(works[replica.Key].Fastest(time, Now) ?? TimeSpan.Zero)
                .Max();
            _loads[replica.Key] = (calls.Count, Slowness(duration, usual));
        }
    }

    /// <summary>The present timestamp.</summary>
    public long Now { get; }

    /// <summary>Gets the number of calls in progress.</summary>
    public int CallsOf(string replica) => _loads[replica].Calls;

    /// <summary>Gets the load with one call more: number of calls in progress times slowness.</summary>
    public long Of(string replica) => (_loads[replica].Calls + 1) * _loads[replica].Slowness;

    /// <summary>Whether the replica is slower than the others.</summary>
    public bool IsSlow(string replica) => _loads[replica].Slowness > 1;

    // 1: about as fast as the others; above, how many times slower than usual.
    private static long Slowness(TimeSpan duration, TimeSpan? usual) =>
        usual is { } median && duration > SlowFactor * median + s_difference ? (long)(duration / (median > s_least ? median : s_least)) : 1;
}
