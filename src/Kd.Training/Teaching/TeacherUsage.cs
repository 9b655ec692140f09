namespace Kd.Training.Teaching;

/// <summary>Counts and durations of the calls to the teacher.</summary>
/// <param name="Hits">Views answered from the cache.</param>
/// <param name="Computed">Views computed.</param>
/// <param name="Calls">Number of calls.</param>
/// <param name="Lookup">Total duration of Lookup calls, several of which run at once.</param>
/// <param name="Label">Total duration of Label calls.</param>
internal readonly record struct TeacherUsage(long Hits, long Computed, long Calls, TimeSpan Lookup, TimeSpan Label)
{
    /// <summary>Views that lack the logits of one of several teachers, which was unavailable.</summary>
    public long Incomplete { get; init; }

    public static TeacherUsage operator +(TeacherUsage a, TeacherUsage b) =>
        new(a.Hits + b.Hits, a.Computed + b.Computed, a.Calls + b.Calls, a.Lookup + b.Lookup, a.Label + b.Label) { Incomplete = a.Incomplete + b.Incomplete };

    public static TeacherUsage operator -(TeacherUsage a, TeacherUsage b) =>
        new(a.Hits - b.Hits, a.Computed - b.Computed, a.Calls - b.Calls, a.Lookup - b.Lookup, a.Label - b.Label) { Incomplete = a.Incomplete - b.Incomplete };
}
