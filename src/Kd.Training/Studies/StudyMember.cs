using Kd.Training.Artifacts;
using Kd.Training.Control;

namespace Kd.Training.Studies;

/// <summary>A worker's side of a study: does what the trainer tells, and tells what it does.</summary>
internal sealed class StudyMember : IDisposable
{
    private readonly string _study,
        _orders,
        _own;
    private readonly RunMonitor _monitor;
    private readonly RunControl _control;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ended;
    private readonly Repetition _repetition;
    private string _phase = StudyOrders.Running;

    /// <param name="folder">Folder of the study.</param>
    /// <param name="monitor">Has the status of the run of this process.</param>
    /// <param name="control">Controls the run of this process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends this process.</param>
    public StudyMember(RunFolder folder, RunMonitor monitor, RunControl control, TimeProvider time, CancellationToken cancellation)
    {
        (_monitor, _control, _time) = (monitor, control, time);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _study = folder.Path;
        _orders = folder.PathOf(StudyOrders.File);
        _own = folder.PathOf(StudyOrders.WorkerFiles.Replace("*", Name, StringComparison.Ordinal));
        control.Resume();
        _repetition = new Repetition(Update, time);
    }

    /// <summary>Canceled when the trainer ends the study, or the process ends.</summary>
    public CancellationToken Ended => _ended.Token;

    private static string Name => $"{Environment.MachineName}-{Environment.ProcessId}";

    public void Dispose()
    {
        _repetition.Dispose();
        Repetition.Try(() => File.Delete(_own));
        _ended.Dispose();
    }

    private void Update()
    {
        Follow();
        var status = _control.Describe(_monitor.Status);
        StudyOrders.Write(
            _own,
            // Machines may have the folder at different paths.
            new WorkerStatus(Name, status with { Folder = status.Folder is { } run ? Path.GetRelativePath(_study, run) : null }, _time.GetUtcNow().Ticks)
        );
    }

    private void Follow()
    {
        // A trainer that was killed says nothing, and its study goes on.
        if (StudyOrders.Read<StudyOrders>(_orders) is not { } orders || orders.Phase == _phase)
            return;
        _phase = orders.Phase;
        switch (_phase)
        {
            case StudyOrders.Paused:
                _control.Pause();
                break;
            case StudyOrders.Stopping:
                _control.StopAfterEpoch();
                break;
            case StudyOrders.Ended:
                _ended.Cancel();
                break;
            default:
                _control.Resume();
                break;
        }
    }
}
