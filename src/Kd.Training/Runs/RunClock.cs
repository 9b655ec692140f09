using Kd.Training.Artifacts;
using Kd.Training.Teaching;

namespace Kd.Training.Runs;

/// <summary>Measures the time of a run in this process, without pauses, and its use of the teacher.</summary>
/// <param name="time">The clock.</param>
/// <param name="teacher">The teachers' logits; null if the method needs none.</param>
internal sealed class RunClock(TimeProvider time, ILogitsSource? teacher)
{
    private readonly long _started = time.GetTimestamp();
    private readonly TeacherUsage _atStart = teacher?.Usage ?? default;
    private TimeSpan _paused;

    /// <summary>Reads time and use of the teacher since this process started the run.</summary>
    public Reading Read() => new(time.GetElapsedTime(_started) - _paused, (teacher?.Usage ?? default) - _atStart);

    /// <summary>Excludes a pause from the time of the run.</summary>
    public void Exclude(TimeSpan pause) => _paused += pause;

    /// <summary>Adds time and use of the teacher in this process to the sums of an epoch.</summary>
    /// <param name="sums">Sums over the steps so far.</param>
    /// <param name="before">Sums when this process started the epoch, from a checkpoint.</param>
    /// <param name="began">Reading when this process started the epoch.</param>
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

    /// <summary>A reading of the clock.</summary>
    /// <param name="Time">Time since the run started in this process.</param>
    /// <param name="Usage">Use of the teacher in that time.</param>
    internal readonly record struct Reading(TimeSpan Time, TeacherUsage Usage);
}
