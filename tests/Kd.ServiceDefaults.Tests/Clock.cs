namespace Kd.ServiceDefaults.Tests;

/// <summary>A clock that tests move.</summary>
internal sealed class Clock : TimeProvider
{
    private long _now;

    /// <summary>Time since the beginning, s.</summary>
    public double Seconds => (double)_now / TimestampFrequency;

    public override long GetTimestamp() => _now;

    /// <summary>Moves it.</summary>
    public void Advance(double seconds) => _now += (long)(seconds * TimestampFrequency);
}
