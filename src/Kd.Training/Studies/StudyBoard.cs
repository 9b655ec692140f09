using Kd.Training.Artifacts;
using Kd.Training.Control;

namespace Kd.Training.Studies;

/// <summary>The trainer's side of a study that workers share: passes pause, stop and end on to them, and shows what they do.</summary>
internal sealed class StudyBoard : IDisposable
{
    private readonly RunFolder _folder;
    private readonly string? _start;
    private readonly RunMonitor _monitor;
    private readonly RunControl _control;
    private readonly TimeProvider _time;
    private readonly Pulse _pulse;
    private readonly Repetition _repetition;

    /// <param name="folder">Folder of the study, which this process has locked.</param>
    /// <param name="start">The start of the host; null: none.</param>
    /// <param name="monitor">Shows the workers.</param>
    /// <param name="control">What the user requests.</param>
    /// <param name="time">The clock.</param>
    public StudyBoard(RunFolder folder, string? start, RunMonitor monitor, RunControl control, TimeProvider time)
    {
        (_folder, _start, _monitor, _control, _time, _pulse) = (folder, start, monitor, control, time, new Pulse(time));
        _repetition = new Repetition(Update, time);
    }

    public void Dispose()
    {
        _repetition.Dispose();
        _monitor.SetWorkers([]);
        Repetition.Try(() => Write(StudyOrders.Ended));
        Repetition.Try(DeleteWorkers);
    }

    // Of those that were killed, too; one that lives deletes its own when it leaves.
    private void DeleteWorkers()
    {
        foreach (var path in Directory.GetFiles(_folder.Path, StudyOrders.WorkerFiles))
            File.Delete(path);
    }

    private void Update()
    {
        Write(
            _control.IsPaused ? StudyOrders.Paused
            : _control.StopsAfterEpoch ? StudyOrders.Stopping
            : StudyOrders.Running
        );
        _monitor.SetWorkers([.. Workers().Where(worker => _pulse.Lives(worker.Path, worker.Status.Beat)).Select(worker => worker.Status).Where(IsBusy)]);

        static bool IsBusy(WorkerStatus worker) => worker.Status is { IsUnderWay: true, Folder: not null };
    }

    private void Write(string phase) => StudyOrders.Write(_folder.PathOf(StudyOrders.File), new StudyOrders(phase, _start, _time.GetUtcNow().Ticks));

    private IEnumerable<(string Path, WorkerStatus Status)> Workers() =>
        from path in Directory.EnumerateFiles(_folder.Path, StudyOrders.WorkerFiles).Order(StringComparer.Ordinal)
        let status = StudyOrders.Read<WorkerStatus>(path)
        where status is { Worker: not null, Status: not null }
        select (path, status);
}
