namespace Kd.Training.Teaching;

/// <summary>Counts and durations of the calls to one replica of the teacher since this process started.</summary>
/// <param name="Name">Name of the replica.</param>
/// <param name="Calls">Number of calls.</param>
/// <param name="LookedUp">Views looked up in the cache.</param>
/// <param name="Computed">Views computed.</param>
/// <param name="Time">Total duration of the calls, several of which run at once.</param>
/// <param name="LastAnswer">Time of the last response.</param>
internal sealed record ReplicaUsage(string Name, long Calls, long LookedUp, long Computed, TimeSpan Time, DateTimeOffset LastAnswer)
{
    public static ReplicaUsage operator +(ReplicaUsage soFar, ReplicaUsage next) =>
        next with
        {
            Calls = soFar.Calls + next.Calls,
            LookedUp = soFar.LookedUp + next.LookedUp,
            Computed = soFar.Computed + next.Computed,
            Time = soFar.Time + next.Time,
        };
}
