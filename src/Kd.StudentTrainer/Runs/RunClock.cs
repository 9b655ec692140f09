using Kd.StudentTrainer.Checkpoints;
using Kd.StudentTrainer.Teaching;

namespace Kd.StudentTrainer.Runs;

/// <summary>Time of a run in this process, without pauses, and what the teacher did for it meanwhile.</summary>
/// <param name="time">The clock.</param>
/// <param name="teacher">The teacher service; null where the method needs none.</param>
internal sealed class RunClock(TimeProvider time, TeacherClient? teacher)
{
    private readonly long _started = time.GetTimestamp();
    private readonly TeacherUsage _atStart = teacher?.Usage ?? default;
    private TimeSpan _paused;

    /// <summary>Since this process began with the run.</summary>
    public Reading Read() => new(time.GetElapsedTime(_started) - _paused, (teacher?.Usage ?? default) - _atStart);

    /// <summary>A pause is no time of the run.</summary>
    public void Omit(TimeSpan pause) => _paused += pause;

    /// <summary>An epoch's sums with the time and the teacher's use since this process began with it.</summary>
    /// <param name="sums">What its steps have added so far.</param>
    /// <param name="before">What a checkpoint had of it when this process began with it.</param>
    /// <param name="began">When that was.</param>
    public EpochSums Add(EpochSums sums, EpochSums before, Reading began)
    {
        var now = Read();
        var usage = now.Usage - began.Usage;
        return sums with
        {
            Seconds = before.Seconds + (now.Time - began.Time).TotalSeconds,
            Hits = before.Hits + usage.Hits,
            Computed = before.Computed + usage.Computed,
            Times = sums.Times with { Lookup = before.Times.Lookup + usage.Lookup.TotalSeconds, Label = before.Times.Label + usage.Label.TotalSeconds },
        };
    }

    /// <summary>What the clock shows.</summary>
    /// <param name="Time">Since the run began in this process.</param>
    /// <param name="Usage">What the teacher did in that time.</param>
    internal readonly record struct Reading(TimeSpan Time, TeacherUsage Usage);
}
