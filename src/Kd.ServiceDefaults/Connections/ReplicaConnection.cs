namespace Kd.ServiceDefaults.Connections;

/// <summary>One connection to a service, as the balance knows it. Its state is guarded by the balance's lock.</summary>
/// <param name="number">Number of the connection.</param>
/// <param name="isConnected">Whether it is established; one that is not is used only if no other is.</param>
internal sealed class ReplicaConnection(int number, Func<bool> isConnected)
{
    /// <summary>Stands for a replica that is not known yet, which counts as a separate one.</summary>
    public string Unknown { get; } = $"?{number}";

    /// <summary>Name of the replica that responded last.</summary>
    public string Replica { get; set; } = $"?{number}";

    /// <summary>Whether it is established.</summary>
    public bool IsConnected => isConnected();

    /// <summary>Number of calls so far.</summary>
    public long Uses { get; set; }

    /// <summary>Number of failures since the last response.</summary>
    public int Failures { get; set; }

    /// <summary>Timestamp until which other connections are preferred.</summary>
    public long PausedUntil { get; set; }

    /// <summary>The calls in progress.</summary>
    public List<ReplicaCall> Calls { get; } = [];
}

/// <summary>A call in progress.</summary>
/// <param name="Connection">Its connection.</param>
/// <param name="Kind">Kind of the call.</param>
/// <param name="Started">Timestamp of its start.</param>
/// <param name="Depth">Calls of this kind in progress at the replica when it started, itself included.</param>
internal sealed record ReplicaCall(ReplicaConnection Connection, string Kind, long Started, int Depth);
