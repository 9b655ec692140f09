namespace Kd.ServiceDefaults.Connections;

/// <summary>Spreads calls evenly over replicas, however the connections are distributed over them.</summary>
/// <remarks>
/// A proxy in front of replicas assigns each connection to a replica by its own rule, so a round robin over connections is not one over replicas.
/// Each response names its replica; the next call goes to the replica with the least work of this kind, so that lookups and passes are spread
/// independently. A connection whose replica is unknown counts as a separate replica. A connection that failed is paused, longer each time, so
/// that calls do not first fail on an unavailable replica.
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

    /// <summary>Creates the balance of a number of connections whose replicas are not known yet.</summary>
    /// <param name="connections">Number of connections.</param>
    /// <param name="time">The clock.</param>
    public ReplicaBalance(int connections, TimeProvider time)
    {
        (_time, _failures, _pausedUntil) = (time, new int[connections], new long[connections]);
        _replicas = [.. Enumerable.Range(0, connections).Select(Unknown)];
        _uses = new long[connections];
    }

    /// <summary>Chooses the connection of the next call and counts the call.</summary>
    /// <param name="kind">Kind of the call.</param>
    /// <param name="cost">Work of the call, relative to other calls of this kind.</param>
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

            // Connections that are not paused first (else by the end of the pause), then the replica with the least work, then the least used connection.
            (long, long, long) Order(int i) => (Math.Max(_pausedUntil[i] - now, 0), share[_replicas[i]], _uses[i]);
        }
    }

    /// <summary>Records that a replica responded on a connection.</summary>
    public void Answered(int connection, string replica)
    {
        lock (_gate)
        {
            (_failures[connection], _pausedUntil[connection]) = (0, 0);
            Move(connection, replica);
        }
    }

    /// <summary>Records that a connection failed; it may lead to another replica next time.</summary>
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
            // A new replica starts level with the one with the least work, so that it does not have to catch up.
            if (!share.ContainsKey(replica))
                share[replica] = share.Values.DefaultIfEmpty().Min();
        }
    }

    private static string Unknown(int connection) => $"?{connection}";
}
