namespace Kd.Training.Studies;

/// <summary>Tells which other processes live: those whose beat this process has seen change. Times do not tell, since the clocks of machines differ.</summary>
/// <param name="time">The clock of this process.</param>
internal sealed class Pulse(TimeProvider time)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, (long Beat, long Since, bool HasChanged)> _seen = [];

    /// <summary>Takes note of a beat.</summary>
    /// <param name="name">The process.</param>
    /// <param name="beat">Its last beat.</param>
    /// <returns>Whether the process lives, as far as is known yet.</returns>
    public bool Lives(string name, long beat)
    {
        var isKnown = _seen.TryGetValue(name, out var last);
        if (!isKnown || last.Beat != beat)
            _seen[name] = last = (beat, time.GetTimestamp(), isKnown);
        return last.HasChanged && time.GetElapsedTime(last.Since) < s_patience;
    }
}
