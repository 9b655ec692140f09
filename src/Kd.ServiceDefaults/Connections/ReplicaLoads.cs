namespace Kd.ServiceDefaults.Connections;

/// <summary>The present load of each replica.</summary>
internal sealed class ReplicaLoads
{
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
        var usual = works.Values.Min(work => work.Fastest(time, Now));
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

    // 1: as fast as the others; above, how many times slower than the fastest one.
    private static long Slowness(TimeSpan duration, TimeSpan? usual) =>
        usual is { } fastest && duration > 2 * fastest + s_difference ? (long)(duration / (fastest > s_least ? fastest : s_least)) : 1;
}
