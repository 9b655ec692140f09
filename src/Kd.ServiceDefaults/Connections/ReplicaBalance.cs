namespace Kd.ServiceDefaults.Connections;

/// <summary>Spreads calls evenly over replicas, whichever connections happen to lead to which.</summary>
/// <remarks>
/// A proxy in front of replicas picks one for each connection by its own rule, so turns over connections are not turns over replicas. Each
/// answer names its replica; the next call goes to the replica that had the least of its kind, so that look-ups and passes are spread each for
/// themselves. A connection whose replica is not known counts as a replica of its own. One that failed is left out for a while, longer each
/// time, so that the calls of a replica that is away do not fail first and go elsewhere then.
/// </remarks>
internal sealed class ReplicaBalance
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(0.5);
    private const int MostDoublings = 4;
    private readonly TimeProvider _time;
    private readonly int[] _failures;
    private readonly long[] _pausedUntil;
    private readonly Lock _gate = new();
    private readonly string[] _replicas;
    private readonly long[] _uses;
    private readonly Dictionary<string, Dictionary<string, long>> _shares = [];

    /// <param name="connections">Number of connections.</param>
    /// <param name="time">The clock.</param>
    public ReplicaBalance(int connections, TimeProvider time)
    {
        (_time, _failures, _pausedUntil) = (time, new int[connections], new long[connections]);
        _replicas = [.. Enumerable.Range(0, connections).Select(Unknown)];
        _uses = new long[connections];
    }

    /// <summary>Chooses the connection of the next call, and counts it.</summary>
    /// <param name="kind">What is called.</param>
    /// <param name="cost">How much work it is, compared with other calls of this kind.</param>
    public int Next(string kind, long cost)
    {
        lock (_gate)
        {
            if (!_shares.TryGetValue(kind, out var share))
                _shares[kind] = share = _replicas.Distinct().ToDictionary(replica => replica, _ => 0L);
            var now = _time.GetTimestamp();
            var best = 0;
            for (var i = 1; i < _replicas.Length; i++)
            {
                if (Order(i).CompareTo(Order(best)) < 0)
                    best = i;
            }

            _uses[best]++;
            share[_replicas[best]] += cost;
            return best;

            // Those that are not paused first (else the one whose pause ends first), then the replica with the least, then the connection that was used least.
            (long, long, long) Order(int i) => (Math.Max(_pausedUntil[i] - now, 0), share[_replicas[i]], _uses[i]);
        }
    }

    /// <summary>A call on a connection was answered by this replica.</summary>
    public void Answered(int connection, string replica)
    {
        lock (_gate)
        {
            (_failures[connection], _pausedUntil[connection]) = (0, 0);
            Move(connection, replica);
        }
    }

    /// <summary>A connection failed: it may lead elsewhere next time.</summary>
    public void Failed(int connection)
    {
        lock (_gate)
        {
            var pause = s_firstPause * (1 << Math.Min(_failures[connection]++, MostDoublings));
            _pausedUntil[connection] = _time.GetTimestamp() + (long)(pause.TotalSeconds * _time.TimestampFrequency);
            Move(connection, Unknown(connection));
        }
    }

    private void Move(int connection, string replica)
    {
        if (_replicas[connection] == replica)
            return;
        _replicas[connection] = replica;
        foreach (var share in _shares.Values)
        {
            foreach (var gone in share.Keys.Except(_replicas).ToList())
                share.Remove(gone);
            // A replica that is new to us starts level with the one that had the least: it gets its share from now on, not the past's.
            if (!share.ContainsKey(replica))
                share[replica] = share.Values.DefaultIfEmpty().Min();
        }
    }

    private static string Unknown(int connection) => $"?{connection}";
}
