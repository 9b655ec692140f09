using System.Diagnostics.CodeAnalysis;
using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Configuration;
using Kd.Training.Control;

namespace Kd.Training.Queue;

/// <summary>Keeps the requested runs in order. They outlive the process: the next trainer continues with them.</summary>
/// <remarks>
/// They are saved in queue.json in Run:Folder. A second trainer on the same folder has its own queue, in memory only. If the host identifies its start
/// (<c>Host:Start</c>), a trainer that it restarts after a crash does not repeat the finished task of the command line.
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
        if (!_closed && File.Exists(FilePath) && TryOwnFolder())
            _state = _ownedFolder.ReadJson<QueueState>(QueueFile, monitor.Note) ?? _state;
        if (_hostStart is null || _state.Start != _hostStart)
            _state = _state with { Start = _hostStart, CommandDone = false };
    }

    private string FilePath => Path.Combine(_folder, QueueFile);

    /// <summary>Whether the task of the command line was finished before this process, in the same start of the host.</summary>
    public bool IsCommandDone => _state.CommandDone;

    /// <summary>The runs in order; the first may be in progress.</summary>
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
            var run = new QueuedRun(configuration.Run.Id!, runSettings);
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

    /// <summary>Records that the task of the command line is finished.</summary>
    public void MarkCommandDone()
    {
        lock (_gate)
            _state = _state with { CommandDone = true };
    }

    /// <summary>Removes the current run, which has ended.</summary>
    public void CompleteCurrent()
    {
        lock (_gate)
        {
            var ended = Current;
            Current = null;
            Save(_state with { Runs = [.. _state.Runs.Where(run => run.Id != ended)] });
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
                if (!_closed && _state.Runs is [var next, ..])
                {
                    var (first, later) = (CountStart(next), _state.Runs.Skip(1));
                    if (first.Starts > MostStarts)
                    {
                        _monitor.Note($"run {first.Id} ended the trainer {MostStarts} times in a row without getting further; it leaves the queue");
                        Save(_state with { Runs = [.. later] });
                        continue;
                    }

                    Save(_state with { Runs = [first, .. later] });
                    Current = first.Id;
                    return first;
                }

                if (_closed || !stay)
                {
                    Close();
                    return null;
                }

                if (_hostStart is not null)
                    Save(_state);
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

    // A run that crashes the trainer again and again must not keep it from the others, but one that gets further each time may go on.
    private QueuedRun CountStart(QueuedRun run)
    {
        var folder = new DirectoryInfo(Path.Combine(_folder, run.Id));
        var progress = folder.Exists
            ? folder.EnumerateFiles(CheckpointStore.FileName, SearchOption.AllDirectories).Select(file => file.LastWriteTimeUtc.Ticks).DefaultIfEmpty().Max()
            : 0;
        return run with { Starts = progress == run.Progress ? run.Starts + 1 : 1, Progress = progress };
    }

    // Does not delete the file of another trainer on the same folder.
    private void Close()
    {
        if (!_closed && File.Exists(FilePath) && TryOwnFolder())
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
        _state = state;
        if (TryOwnFolder())
            _ownedFolder.WriteJson(QueueFile, state);
    }

    // Locks the folder, unless another trainer has locked it.
    [MemberNotNullWhen(true, nameof(_ownedFolder))]
    private bool TryOwnFolder()
    {
        if (_ownedFolder is not null)
            return true;
        var folder = RunFolder.Open(_folder);
        if (folder.TryLock())
            _ownedFolder = folder;
        return _ownedFolder is not null;
    }

    /// <summary>The content of queue.json.</summary>
    private sealed record QueueState(string? Start, bool CommandDone, IReadOnlyList<QueuedRun> Runs);
}
