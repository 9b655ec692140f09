using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Diagnostics;

namespace Kd.Training.Queue;

/// <summary>Keeps the requested runs in order. They outlive the process: the next trainer continues with them.</summary>
/// <remarks>
/// They are saved in queue.json in Run:Folder, which one trainer owns; another one on the same folder accepts no runs. If the host identifies its start
/// (<c>Host:Start</c>), a trainer that it restarts after a crash continues the run of the command line, and does not repeat it when it is finished.
/// </remarks>
internal sealed class RunQueue : IDisposable
{
    private const string QueueFile = "queue.json";
    private const int MostStarts = 3;
    private readonly RunConfigurationReader _reader;
    private readonly RunMonitor _monitor;
    private readonly TimeProvider _time;
    private readonly string _folder;
    private readonly string? _hostStart;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _added = new(0);
    private RunFolder? _ownedFolder;
    private QueueState _state = new(null, false, []);
    private bool _closed;

    /// <param name="configuration">Settings of the process, which name the folder.</param>
    /// <param name="host">Configuration that identifies the start of the host.</param>
    /// <param name="reader">Reads and checks the settings of a run.</param>
    /// <param name="monitor">Shows messages.</param>
    /// <param name="time">The clock, from which names are made.</param>
    public RunQueue(RunConfiguration configuration, IConfiguration host, RunConfigurationReader reader, RunMonitor monitor, TimeProvider time)
    {
        (_reader, _monitor, _time, _folder, _hostStart) = (reader, monitor, time, Path.GetFullPath(configuration.Run.Folder), host[SharedNames.HostStart]);
        // A trainer that was started to label or verify does not run what is queued.
        _closed = configuration.Run.Task is not (RunOptions.Train or RunOptions.Serve);
        if (!_closed && File.Exists(FilePath))
            TryOwnFolder();
        if (_hostStart is null || _state.Start != _hostStart)
            _state = _state with { Start = _hostStart, CommandDone = false, CommandRun = null };
    }

    private string FilePath => Path.Combine(_folder, QueueFile);

    /// <summary>Whether the task of the command line was finished before this process, in the same start of the host.</summary>
    public bool IsCommandDone => _state.CommandDone;

    /// <summary>Name of the run of the command line that a process before this one began in the same start of the host; null: none.</summary>
    public string? CommandRun => _state.CommandRun;

    /// <summary>The runs in order, and those that have failed; the first may be in progress.</summary>
    public IReadOnlyList<QueuedRun> Runs
    {
        get
        {
            lock (_gate)
                return [.. _state.Runs];
        }
    }

    /// <summary>Adds a run.</summary>
    /// <param name="settings">Settings that differ from the process's, by name.</param>
    /// <returns>The run with its name.</returns>
    /// <exception cref="SettingsException">Settings are wrong.</exception>
    /// <exception cref="QueueClosedException">This trainer is shutting down.</exception>
    /// <exception cref="TrainingException">Another trainer has the queue of the folder.</exception>
    public QueuedRun Add(IReadOnlyDictionary<string, string> settings)
    {
        var runSettings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in settings)
        {
            if (!runSettings.TryAdd(name, value))
                throw new SettingsException(name, $"{name} is given twice, with different cases of letters. Give it once.");
        }

        lock (_gate)
        {
            // In memory only, it would be lost with this process.
            if (!_closed && !TryOwnFolder())
                throw new TrainingException(
                    $"Another trainer keeps the queue of '{_folder}'. Start the run from its page, or give this trainer a Run:Folder of its own."
                );
            var isNamed = runSettings.TryGetValue("Run:Id", out var given) && given.Length > 0;
            runSettings["Run:Id"] = isNamed ? given! : ChooseFreeName();
            var configuration = _reader.Read(runSettings);
            if (_state.Runs.Any(run => run.Id == configuration.Run.Id))
                throw new SettingsException(
                    "Run:Id",
                    $"Run:Id is '{configuration.Run.Id}', and a run of that name is already queued. Give another name, or none."
                );
            if (isNamed && new RunFinder(configuration, _time).FindObstacle() is { } obstacle)
                throw new SettingsException("Run:Id", obstacle);
            if (_closed)
                throw new QueueClosedException();
            var run = new QueuedRun(configuration.Run.Id!, runSettings) { Resolved = RunLibrary.FreeSettings(configuration) };
            Save(_state with { Runs = [.. _state.Runs, run] });
            _added.Release();
            return run;
        }
    }

    /// <summary>Name of the queued run that is in progress; null if there is none.</summary>
    public string? Current { get; private set; }

    /// <summary>Removes a run that has not started.</summary>
    /// <returns>Whether there was such a run.</returns>
    public bool Remove(string id)
    {
        lock (_gate)
        {
            if (id == Current || !_state.Runs.Any(run => run.Id == id))
                return false;
            Save(_state with { Runs = [.. _state.Runs.Where(run => run.Id != id)] });
            return true;
        }
    }

    /// <summary>Records that the run of the command line has begun.</summary>
    /// <param name="id">Its name.</param>
    public void MarkCommandRun(string id) => Mark(state => state with { CommandRun = id });

    /// <summary>Records that the task of the command line is finished.</summary>
    public void MarkCommandDone() => Mark(state => state with { CommandDone = true });

    /// <summary>
    /// Removes the current run, which has ended, or keeps it behind the others if it has failed: the reason may pass, and its settings are here.
    /// </summary>
    /// <param name="failure">Why it failed; null if it has not.</param>
    public void CompleteCurrent(string? failure = null)
    {
        lock (_gate)
        {
            var ended = Current;
            Current = null;
            var others = _state.Runs.Where(run => run.Id != ended);
            var kept = failure is null ? [] : _state.Runs.Where(run => run.Id == ended).Select(run => run with { Failure = failure, Starts = 0 });
            Save(_state with { Runs = [.. others, .. kept] });
        }
    }

    /// <summary>Lets a failed run wait for its turn again.</summary>
    /// <returns>Whether there was such a run.</returns>
    public bool Retry(string id)
    {
        lock (_gate)
        {
            if (!_state.Runs.Any(run => run.Id == id && run.Failure is not null))
                return false;
            Save(_state with { Runs = [.. _state.Runs.Select(run => run.Id == id ? run with { Failure = null } : run)] });
            _added.Release();
            return true;
        }
    }

    /// <summary>Gets the next run. If there is none, waits for one or closes the queue.</summary>
    /// <param name="stay">Whether to wait.</param>
    /// <param name="idle">Called before waiting.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>The run, or null if the queue is empty and closed.</returns>
    public QueuedRun? Next(bool stay, Action idle, CancellationToken cancellation)
    {
        while (true)
        {
            lock (_gate)
            {
                if (!_closed && _state.Runs.FirstOrDefault(run => run.Failure is null) is { } next)
                {
                    var (first, others) = (CountStart(next), _state.Runs.Where(run => run != next).ToList());
                    if (first.Starts > MostStarts)
                    {
                        var failure = $"it ended the trainer {MostStarts} times in a row without getting further";
                        _monitor.Note($"run {first.Id}: {failure}; it is not started again by itself");
                        Save(_state with { Runs = [.. others, first with { Failure = failure, Starts = 0 }] });
                        continue;
                    }

                    Save(_state with { Runs = [first, .. others] });
                    Current = first.Id;
                    return first;
                }

                if (_closed || !stay)
                {
                    Close();
                    return null;
                }

                // Discards the signals of runs that were started or removed.
                while (_added.Wait(0, CancellationToken.None)) { }
            }

            idle();
            _added.Wait(cancellation);
        }
    }

    /// <summary>Records that the current run was interrupted by the end of the process, not by a crash.</summary>
    public void ReleaseCurrent()
    {
        lock (_gate)
        {
            if (Current is not null)
                Save(_state with { Runs = [.. _state.Runs.Select(run => run.Id == Current ? run with { Starts = 0 } : run)] });
        }
    }

    public void Dispose() => _ownedFolder?.Dispose();

    private void Mark(Func<QueueState, QueueState> change)
    {
        lock (_gate)
        {
            var state = change(_state);
            // Another start does not ask for it.
            if (_hostStart is not null && !_closed)
                Save(state);
            else
                _state = state;
        }
    }

    // A run that crashes the trainer again and again must not keep it from the others, but one that gets further each time may go on.
    private QueuedRun CountStart(QueuedRun run)
    {
        // It has no checkpoint: what it labels is stored, and counts the next time.
        if (run.Settings.Any(setting => setting.Key.Equals("Run:Task", StringComparison.OrdinalIgnoreCase) && setting.Value == RunOptions.Label))
            return run;
        var folder = new DirectoryInfo(Path.Combine(_folder, run.Id));
        var progress = folder.Exists
            ? folder.EnumerateFiles(CheckpointStore.FileName, SearchOption.AllDirectories).Select(file => file.LastWriteTimeUtc.Ticks).DefaultIfEmpty().Max()
            : 0;
        return run with { Starts = progress == run.Progress ? run.Starts + 1 : 1, Progress = progress };
    }

    // The file of another trainer on the same folder stays, one with failed runs, and one from which this process may have to learn that it is done.
    private void Close()
    {
        if (!_closed && _ownedFolder is not null && _hostStart is null && _state.Runs.Count == 0)
            File.Delete(FilePath);
        _closed = true;
    }

    private string ChooseFreeName()
    {
        var name = _time.GetLocalNow().ToString("yyyyMMdd-HHmmss", null);
        for (var attempt = 1; ; attempt++)
        {
            var tried = attempt == 1 ? name : $"{name}-{attempt}";
            if (!Directory.Exists(Path.Combine(_folder, tried)) && _state.Runs.All(run => run.Id != tried))
                return tried;
        }
    }

    private void Save(QueueState state)
    {
        // What it takes over comes in addition.
        var left = _ownedFolder is null && TryOwnFolder() ? _state.Runs : [];
        _state = state with { Runs = [.. left, .. state.Runs] };
        _ownedFolder?.WriteJson(QueueFile, _state);
    }

    // Locks the folder, unless another trainer has locked it, and takes over what an ended one has left in the queue.
    [MemberNotNullWhen(true, nameof(_ownedFolder))]
    private bool TryOwnFolder()
    {
        if (_ownedFolder is not null)
            return true;
        var folder = RunFolder.Open(_folder);
        if (!folder.TryLock())
            return false;
        _ownedFolder = folder;
        if (folder.ReadJson<QueueState>(QueueFile, _monitor.Note, state => state.IsWhole) is { } saved)
            _state = _hostStart is not null && saved.Start == _hostStart ? saved : _state with { Runs = saved.Runs };
        return true;
    }

    /// <summary>The content of queue.json.</summary>
    private sealed record QueueState(string? Start, bool CommandDone, IReadOnlyList<QueuedRun> Runs)
    {
        /// <summary>Name of the run of the command line.</summary>
        public string? CommandRun { get; init; }

        /// <summary>Whether nothing is missing: JSON has null where this has none.</summary>
        [JsonIgnore]
        public bool IsWhole =>
            Runs is not null
            && Runs.All(run => run is { Id: not null, Settings: not null, Resolved: not null } && run.Id.IndexOfAny(Path.GetInvalidFileNameChars()) < 0);
    }
}
