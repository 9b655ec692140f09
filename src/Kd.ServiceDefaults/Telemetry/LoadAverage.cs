namespace Kd.ServiceDefaults.Telemetry;

/// <summary>Exponential moving average over time of a number of waiting items, such as the load average of Unix. Safe on any thread.</summary>
/// <remarks>A scaler that reads a number every half minute would miss what comes and goes in between; the average contains it.</remarks>
/// <param name="time">The clock.</param>
public sealed class LoadAverage(TimeProvider time)
{
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private long _last = time.GetTimestamp();
    private long _current;
    private double _average;

    /// <summary>The average, with a time constant of 30 s, rounded to hundredths so that it ends at 0.</summary>
    public double Value
    {
        get
        {
            lock (_gate)
            {
                Advance();
                return Math.Round(_average, 2);
            }
        }
    }

    /// <summary>Changes the number of items.</summary>
    /// <param name="change">Items that have come; negative: that have gone.</param>
    public void Add(long change)
    {
        lock (_gate)
        {
            Advance();
            _current += change;
        }
    }

    private void Advance()
    {
        var now = time.GetTimestamp();
        _average = _current + (_average - _current) * Math.Exp(-(time.GetElapsedTime(_last, now) / s_window));
        _last = now;
    }
}
