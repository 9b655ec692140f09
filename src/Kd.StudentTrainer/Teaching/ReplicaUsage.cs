namespace Kd.StudentTrainer.Teaching;

/// <summary>What one replica of the teacher answered since this process began.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Calls">Calls.</param>
/// <param name="LookedUp">Views that it was asked for in its cache.</param>
/// <param name="Computed">Views that it computed.</param>
/// <param name="Time">Time that the calls took; several are under way at once.</param>
/// <param name="LastAnswer">When it answered last.</param>
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
