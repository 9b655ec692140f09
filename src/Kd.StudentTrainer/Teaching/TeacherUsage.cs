namespace Kd.StudentTrainer.Teaching;

/// <summary>How the teacher was used.</summary>
/// <param name="Hits">Views answered from its cache.</param>
/// <param name="Computed">Views that it computed.</param>
/// <param name="Calls">Calls.</param>
/// <param name="Lookup">Time that Lookup calls took; several are under way at once.</param>
/// <param name="Label">Time that Label calls took.</param>
internal readonly record struct TeacherUsage(long Hits, long Computed, long Calls, TimeSpan Lookup, TimeSpan Label)
{
    public static TeacherUsage operator +(TeacherUsage a, TeacherUsage b) =>
        new(a.Hits + b.Hits, a.Computed + b.Computed, a.Calls + b.Calls, a.Lookup + b.Lookup, a.Label + b.Label);

    public static TeacherUsage operator -(TeacherUsage a, TeacherUsage b) =>
        new(a.Hits - b.Hits, a.Computed - b.Computed, a.Calls - b.Calls, a.Lookup - b.Lookup, a.Label - b.Label);
}
