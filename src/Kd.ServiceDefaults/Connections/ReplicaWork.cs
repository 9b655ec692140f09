using System.Security.Cryptography;

namespace Kd.ServiceDefaults.Connections;

/// <summary>The calls of one kind to one replica so far.</summary>
internal sealed class ReplicaWork
{
    private const int Recent = 4;
    private static readonly TimeSpan s_valid = TimeSpan.FromSeconds(10);
    private readonly Queue<TimeSpan> _recent = new(Recent);
    private long _last;

    /// <summary>Sum of the costs.</summary>
    public long Work { get; set; }

    /// <summary>Place among replicas that are equal otherwise. Drawn, so that several clients do not call the same new replica first.</summary>
    public int Order { get; } = RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>Records a response.</summary>
    /// <param name="duration">Duration of the call, divided by the number of calls that were in progress at its start.</param>
    /// <param name="now">Timestamp.</param>
    public void Add(TimeSpan duration, long now)
    {
        if (_recent.Count == Recent)
            _recent.Dequeue();
        _recent.Enqueue(duration);
        _last = now;
    }

    /// <summary>
    /// Gets the duration of the fastest of the last four calls, so that a single slow one does not count; null if there were fewer than two, since the first
    /// call to a new process is slow, or none in the last 10 s.
    /// </summary>
    /// <remarks>A slow replica is tried again when this time has passed.</remarks>
    public TimeSpan? Fastest(TimeProvider time, long now) => _recent.Count > 1 && time.GetElapsedTime(_last, now) < s_valid ? _recent.Min() : null;
}
