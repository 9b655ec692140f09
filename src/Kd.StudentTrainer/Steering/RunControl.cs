namespace Kd.StudentTrainer.Steering;

/// <summary>What people ask of the run while it goes on. Asked from any thread, obeyed by the training thread: pauses between steps, the rest between epochs.</summary>
internal sealed class RunControl
{
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _mayGo = new(true);
    private ManualTarget? _manual;
    private bool _stops;

    /// <summary>Whether steps wait.</summary>
    public bool IsPaused => !_mayGo.IsSet;

    /// <summary>Whether the run stops after the epoch that it is in.</summary>
    public bool StopsAfterEpoch => Volatile.Read(ref _stops);

    /// <summary>What is set by hand for the coming epochs; null: nothing.</summary>
    public ManualTarget? Manual
    {
        get
        {
            lock (_gate)
                return _manual;
        }
    }

    /// <summary>Where a run is, with what was asked of it.</summary>
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

    /// <summary>A run or study begins: what was asked of the one before it does not hold for it, but for a pause.</summary>
    public void Begin()
    {
        Volatile.Write(ref _stops, false);
        Set(null);
    }

    /// <summary>Lets the run stop before its next step.</summary>
    public void Pause() => _mayGo.Reset();

    /// <summary>Lets it go on; also takes back a wish to stop.</summary>
    public void Resume()
    {
        Volatile.Write(ref _stops, false);
        _mayGo.Set();
    }

    /// <summary>Lets it end after the epoch that it is in; the same command goes on with it.</summary>
    public void StopAfterEpoch()
    {
        Volatile.Write(ref _stops, true);
        _mayGo.Set();
    }

    /// <summary>Sets temperature or threshold by hand for the coming epochs, or ends that.</summary>
    public void Set(ManualTarget? manual)
    {
        lock (_gate)
            _manual = manual;
    }

    /// <summary>Takes what is set by hand for an epoch that begins.</summary>
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
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>Whether it waited.</returns>
    public bool WaitWhilePaused(Action paused, CancellationToken cancellation)
    {
        if (_mayGo.IsSet)
            return false;
        paused();
        _mayGo.Wait(cancellation);
        return true;
    }
}

/// <summary>Set by hand instead of what settings or agent say.</summary>
/// <param name="Temperature">Softmax temperature, 1 to 20; null: as it is.</param>
/// <param name="Threshold">Difficulty threshold, 0 to 1; null: as it is.</param>
/// <param name="Epochs">For how many epochs, at least 1.</param>
public sealed record ManualTarget(double? Temperature, double? Threshold, int Epochs);

/// <summary>The run or study stopped between two epochs because somebody asked for it.</summary>
/// <param name="where">Behind what.</param>
internal sealed class RunStoppedException(string where) : Exception($"stopped after {where} as asked; the same command or settings go on from there");
