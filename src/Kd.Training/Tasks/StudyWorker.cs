using Kd.Core.Errors;
using Kd.Training.Artifacts;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Studies;

namespace Kd.Training.Tasks;

/// <summary>Takes runs of the studies of a living trainer with the same Run:Folder: of the same start of the host, or of any if it has no host.</summary>
/// <param name="own">The settings of this process.</param>
/// <param name="reader">Adds the settings of a study.</param>
/// <param name="library">Has these settings.</param>
/// <param name="sources">Opens images and teacher.</param>
/// <param name="studies">Runs the study.</param>
/// <param name="monitor">Shows messages.</param>
/// <param name="control">Controls the runs.</param>
/// <param name="time">The clock.</param>
internal sealed class StudyWorker(
    RunConfiguration own,
    RunConfigurationReader reader,
    RunLibrary library,
    BatchSourceFactory sources,
    StudyRunner studies,
    RunMonitor monitor,
    RunControl control,
    TimeProvider time
)
{
    private static readonly TimeSpan s_afterFailure = TimeSpan.FromSeconds(30);
    private readonly Pulse _pulse = new(time);
    private readonly HashSet<string> _done = [];

    /// <summary>Works until it is canceled.</summary>
    public void Execute(CancellationToken cancellation)
    {
        monitor.Note($"waiting for studies in '{Path.GetFullPath(own.Run.Folder)}'");
        monitor.End("waiting");
        while (!cancellation.WaitHandle.WaitOne(StudyOrders.Interval))
        {
            if (FindStudy() is { } name)
                Join(name, cancellation);
        }
    }

    private string? FindStudy()
    {
        var root = new DirectoryInfo(own.Run.Folder);
        string? found = null;
        // All of them: the beat of each one must have been seen before.
        foreach (var folder in root.Exists ? root.EnumerateDirectories() : [])
        {
            var orders = StudyOrders.Read<StudyOrders>(Path.Combine(folder.FullName, StudyOrders.File));
            if (orders is null || !_pulse.Lives(folder.Name, orders.Beat) || orders.Phase != StudyOrders.Running)
                _done.Remove(folder.Name);
            else if (!_done.Contains(folder.Name) && (studies.Start is null || studies.Start == orders.Start))
                found ??= folder.Name;
        }

        return found;
    }

    private void Join(string name, CancellationToken cancellation)
    {
        try
        {
            control.BeginRun();
            var configuration = reader.Read(new Dictionary<string, string>(library.SettingsOf(name)) { ["Run:Id"] = name });
            using var folder = new RunFinder(configuration, time).Join();
            studies.Help(sources.OpenRun(name, configuration, folder, cancellation), cancellation);
            // The trainer still writes its table.
            _done.Add(name);
        }
        catch (RunStoppedException stopped)
        {
            monitor.Note(stopped.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // If it is finished, the trainer has said so.
            if (!RunFolder.Open(Path.Combine(own.Run.Folder, name)).IsFinished)
                monitor.Note($"the trainer has ended the study {name}");
        }
        catch (UserException error)
        {
            // The trainer gets to the same run, and has the same error to show.
            monitor.Error(error.Message);
            cancellation.WaitHandle.WaitOne(s_afterFailure);
        }

        monitor.End("waiting");
    }
}
