namespace Kd.ServiceDefaults.Connections;

/// <summary>Spreads calls evenly over replicas, whichever connections happen to lead to which.</summary>
/// <remarks>
/// A proxy in front of replicas picks one for each connection by its own rule, so turns over connections are not turns over replicas. Each
/// answer names its replica; the next call goes to the replica that had the least of its kind, so that look-ups and passes are spread each for
/// themselves. A connection whose replica is not known counts as a replica of its own.
/// </remarks>
internal sealed class ReplicaBalance
{
    private readonly Lock _gate = new();
    private readonly string[] _replicas;
    private readonly long[] _uses;
    private readonly Dictionary<string, Dictionary<string, long>> _shares = [];

    /// <param name="connections">Number of connections.</param>
    public ReplicaBalance(int connections)
    {
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
            var best = 0;
            for (var i = 1; i < _replicas.Length; i++)
            {
                // The replica with the least first, then the connection that was used least.
                if ((share[_replicas[i]], _uses[i]).CompareTo((share[_replicas[best]], _uses[best])) < 0)
                    best = i;
            }

            _uses[best]++;
            share[_replicas[best]] += cost;
            return best;
        }
    }

    /// <summary>A call on a connection was answered by this replica.</summary>
    public void Answered(int connection, string replica) => Move(connection, replica);

    /// <summary>A connection failed: it may lead elsewhere next time.</summary>
    public void Failed(int connection) => Move(connection, Unknown(connection));

    private void Move(int connection, string replica)
    {
        lock (_gate)
        {
            if (_replicas[connection] == replica)
                return;
            _replicas[connection] = replica;
            foreach (var share in _shares.Values)
            {
                // A replica that is new to us starts level with the one that had the least: it gets its share from now on, not the past's.
                if (!share.ContainsKey(replica))
                    share[replica] = share.Values.Min();
                foreach (var gone in share.Keys.Except(_replicas).ToList())
                    share.Remove(gone);
            }
        }
    }

    private static string Unknown(int connection) => $"?{connection}";
}
