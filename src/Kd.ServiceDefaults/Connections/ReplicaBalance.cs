namespace Kd.ServiceDefaults.Connections;

/// <summary>Spreads calls over replicas, however the connections are distributed over them.</summary>
/// <remarks>
/// A proxy in front of replicas assigns each connection to a replica by its own rule, so a round robin over connections is not one over replicas.
/// Each response names its replica; the next call goes to the replica with the fewest calls of this kind in progress, weighted by its slowness, then to the
/// one with the least work of this kind, so that lookups and passes are spread independently. A connection whose replica is unknown counts as a separate
/// replica. A connection that failed is paused, longer each time, so that calls do not first fail on an unavailable replica.
/// </remarks>
internal sealed class ReplicaBalance(TimeProvider time)
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(0.5);
    private const int MostDoublings = 4;
    private readonly Lock _gate = new();
    private readonly List<ReplicaConnection> _connections = [];
    private readonly Dictionary<string, Dictionary<string, ReplicaWork>> _kinds = [];

    /// <summary>Adds a connection.</summary>
    public void Add(ReplicaConnection connection)
    {
        lock (_gate)
        {
            _connections.Add(connection);
            foreach (var works in _kinds.Values)
                Level(works, connection.Replica);
        }
    }

    /// <summary>Removes a connection, which gets no new calls.</summary>
    /// <returns>Whether it has no call in progress.</returns>
    public bool Remove(ReplicaConnection connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
            Forget();
            return connection.Calls.Count == 0;
        }
    }

    /// <summary>Chooses the connection of the next call and counts the call.</summary>
    /// <param name="kind">Kind of the call.</param>
    /// <param name="cost">Work of the call, relative to other calls of this kind.</param>
    /// <returns>The call, which one of the other methods ends; null if there is no connection.</returns>
    public ReplicaCall? Start(string kind, long cost)
    {
        lock (_gate)
        {
            if (_connections.Count == 0)
                return null;
            if (!_kinds.TryGetValue(kind, out var works))
                _kinds[kind] = works = _connections
                    .Select(connection => connection.Replica)
                    .Distinct()
                    .ToDictionary(replica => replica, _ => new ReplicaWork());
            var loads = new ReplicaLoads(works, _connections, kind, time);
            // Established connections first, then those that are not paused (else by the end of the pause), then the replica with the lowest load, then the
            // one with the least work, then in an order of this client's own, then the least used connection.
            var best = _connections.MinBy(connection =>
                (
                    connection.IsConnected ? 0 : 1,
                    Math.Max(connection.PausedUntil - loads.Now, 0),
                    loads.Of(connection.Replica),
                    works[connection.Replica].Work,
                    works[connection.Replica].Order,
                    connection.Uses
                )
            )!;
            // Slow replicas are passed over, and do not have to catch up later.
            foreach (var (_, work) in works.Where(entry => loads.IsSlow(entry.Key)))
                work.Work = Math.Max(work.Work, works[best.Replica].Work);
            best.Uses++;
            works[best.Replica].Work += cost;
            var call = new ReplicaCall(best, kind, loads.Now, loads.CallsOf(best.Replica) + 1);
            best.Calls.Add(call);
            return call;
        }
    }

    /// <summary>Ends a call to which a replica responded.</summary>
    /// <returns>Whether it was the last call of a connection that was removed.</returns>
    public bool Answered(ReplicaCall call, string replica)
    {
        lock (_gate)
        {
            (call.Connection.Failures, call.Connection.PausedUntil) = (0, 0);
            Move(call.Connection, replica);
            var now = time.GetTimestamp();
            _kinds[call.Kind].GetValueOrDefault(replica)?.Add(time.GetElapsedTime(call.Started, now) / call.Depth, now);
            return End(call);
        }
    }

    /// <summary>Ends a call whose connection failed; it may lead to another replica next time.</summary>
    /// <returns>Whether it was the last call of a connection that was removed.</returns>
    public bool Failed(ReplicaCall call)
    {
        lock (_gate)
        {
            var pause = s_firstPause * (1 << Math.Min(call.Connection.Failures++, MostDoublings));
            call.Connection.PausedUntil = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
            Move(call.Connection, call.Connection.Unknown);
            return End(call);
        }
    }

    /// <summary>Ends a call that says nothing about the replica, such as one that was canceled.</summary>
    /// <returns>Whether it was the last call of a connection that was removed.</returns>
    public bool Ended(ReplicaCall call)
    {
        lock (_gate)
            return End(call);
    }

    /// <summary>Finds the oldest connection to be opened anew, so that a proxy may assign it to a replica that has none.</summary>
    /// <returns>One that was used and whose replica has another connection; null if there is none.</returns>
    public ReplicaConnection? FindSurplus()
    {
        lock (_gate)
            return _connections.GroupBy(connection => connection.Replica).MaxBy(group => group.Count()) is { } group && group.Count() > 1
                ? group.First()
                : null;
    }

    private bool End(ReplicaCall call)
    {
        call.Connection.Calls.Remove(call);
        return call.Connection.Calls.Count == 0 && !_connections.Contains(call.Connection);
    }

    private void Move(ReplicaConnection connection, string replica)
    {
        if (connection.Replica == replica)
            return;
        connection.Replica = replica;
        Forget();
        if (!_connections.Contains(connection))
            return;
        foreach (var works in _kinds.Values)
            Level(works, replica);
    }

    private void Forget()
    {
        foreach (var works in _kinds.Values)
        {
            foreach (var gone in works.Keys.Except(_connections.Select(connection => connection.Replica)).ToList())
                works.Remove(gone);
        }
    }

    // A new replica starts level with the median, so that it neither has to catch up nor takes all calls for a while.
    private static void Level(Dictionary<string, ReplicaWork> works, string replica)
    {
        if (!works.ContainsKey(replica))
            works[replica] = new ReplicaWork { Work = works.Values.Select(work => work.Work).Order().ElementAtOrDefault(works.Count / 2) };
    }
}
