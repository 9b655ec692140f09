using Kd.Training.Curriculum;

namespace Kd.Training.Control;

/// <summary>
/// Holds the user's requests to the run. They are made on any thread; the training thread pauses between two steps and applies the others between epochs.
/// </summary>
internal sealed class RunControl
{
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _resumed = new(true);
    private ManualTarget? _manual;
    private bool _stopRequested;

    /// <summary>Whether the run is paused.</summary>
    public bool IsPaused => !_resumed.IsSet;

    /// <summary>Whether the run stops after the current epoch.</summary>
    public bool StopsAfterEpoch => Volatile.Read(ref _stopRequested);

    /// <summary>Values set manually for the coming epochs; null: none.</summary>
    public ManualTarget? Manual
    {
        get
        {
            lock (_gate)
                return _manual;
        }
    }

    /// <summary>Adds the requests to a status.</summary>
    public RunStatus Describe(RunStatus status) =>
        status with
        {
            Phase =
                status.Phase != "running" ? status.Phase
                : IsPaused ? "paused"
                : StopsAfterEpoch ? "stopping"
                : status.Phase,
            Manual = Manual,
        };

    /// <summary>Clears the requests, except a pause, before a new run or study.</summary>
    public void BeginRun()
    {
        Volatile.Write(ref _stopRequested, false);
        Set(null);
    }

    /// <summary>Pauses the run before its next step.</summary>
    public void Pause() => _resumed.Reset();

    /// <summary>Resumes the run; also cancels a pending stop.</summary>
    public void Resume()
    {
        Volatile.Write(ref _stopRequested, false);
        _resumed.Set();
    }

    /// <summary>Stops the run after the current epoch; the same command continues it.</summary>
    public void StopAfterEpoch()
    {
        Volatile.Write(ref _stopRequested, true);
        _resumed.Set();
    }

    /// <summary>Sets values manually for the coming epochs; null clears them.</summary>
    public void Set(ManualTarget? manual)
    {
        lock (_gate)
            _manual = manual;
    }

    /// <summary>Takes the values that were set manually for the epoch that begins.</summary>
    public ManualTarget? TakeForEpoch()
    {
        lock (_gate)
        {
            var now = _manual;
            _manual = now is null or { Epochs: 1 } ? null : now with { Epochs = now.Epochs - 1 };
            return now;
        }
    }

    /// <summary>Waits while the run is paused.</summary>
    /// <param name="paused">Called once before waiting.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>Whether it waited.</returns>
    public bool WaitWhilePaused(Action paused, CancellationToken cancellation)
    {
        if (_resumed.IsSet)
            return false;
        paused();
        _resumed.Wait(cancellation);
        return true;
    }
}

/// <summary>The run or study stopped at the user's request.</summary>
/// <param name="last">The epoch or run that was finished last.</param>
internal sealed class RunStoppedException(string last) : Exception($"stopped after {last} as requested; the same command or settings continue from there");
