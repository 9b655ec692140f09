using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Queue;

/// <summary>The runs that are asked for on the page, in their order. They outlive the process: the next one goes on with them.</summary>
/// <remarks>
/// Kept in queue.json in Run:Folder. A second trainer on the same folder has a queue of its own, in memory only. Where the host says which start this is
/// (<c>Host:Start</c>), a trainer that was killed and started again by it does not begin the command's own work once more.
/// </remarks>
internal sealed class RunQueue : IDisposable
{
    /// <summary>Names the start of the host that started this process.</summary>
    public const string StartSetting = "Host:Start";

    private const string QueueFile = "queue.json";
    private readonly RunConfigurationReader _reader;
    private readonly TimeProvider _time;
    private readonly string _folder;
    private readonly string? _start;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _added = new(0);
    private RunFolder? _kept;
    private QueueState _state = new(null, false, []);
    private bool _closed;

    /// <param name="configuration">Names the folder.</param>
    /// <param name="host">Names the host's start.</param>
    /// <param name="reader">Checks settings.</param>
    /// <param name="time">Gives names.</param>
    public RunQueue(RunConfiguration configuration, IConfiguration host, RunConfigurationReader reader, TimeProvider time)
    {
        (_reader, _time, _folder, _start) = (reader, time, Path.GetFullPath(configuration.Run.Folder), host[StartSetting]);
        // Who labels or verifies does not train what somebody left waiting.
        _closed = configuration.Run.Task is not ("train" or RunOptions.Serve);
        if (!_closed && File.Exists(FilePath) && IsOurs())
            _state = Read();
        if (_start is null || _state.Start != _start)
            _state = _state with { Start = _start, CommandDone = false };
    }

    private string FilePath => Path.Combine(_folder, QueueFile);

    /// <summary>Whether the command's own work was done before this process, in the same start of the host.</summary>
    public bool IsCommandDone => _state.CommandDone;

    /// <summary>The runs in their order; the first may be under way.</summary>
    public IReadOnlyList<QueuedRun> Runs
    {
        get
        {
            lock (_gate)
                return [.. _state.Runs];
        }
    }

    /// <summary>Adds a run.</summary>
    /// <param name="settings">Those that differ from the process's, by name.</param>
    /// <returns>The run, with its name.</returns>
    /// <exception cref="RunSettingsException">Settings are wrong.</exception>
    /// <exception cref="QueueClosedException">This trainer is ending.</exception>
    public QueuedRun Add(IReadOnlyDictionary<string, string> settings)
    {
        var own = new Dictionary<string, string>(settings, StringComparer.OrdinalIgnoreCase);
        lock (_gate)
        {
            var named = own.TryGetValue("Run:Id", out var given) && given.Length > 0;
            own["Run:Id"] = named ? given! : FreeName();
            var configuration = _reader.Read(own);
            if (_state.Runs.Any(run => run.Id == configuration.Run.Id))
                throw new RunSettingsException([$"Run:Id is '{configuration.Run.Id}', and a run of that name waits already. Give another name, or none."]);
            if (named && new RunFinder(configuration, _time).FindObstacle() is { } obstacle)
                throw new RunSettingsException([obstacle]);
            if (_closed)
                throw new QueueClosedException();
            var run = new QueuedRun(configuration.Run.Id!, own);
            Keep(_state with { Runs = [.. _state.Runs, run] });
            _added.Release();
            return run;
        }
    }

    /// <summary>The run that is under way; null: none of these.</summary>
    public string? Current { get; private set; }

    /// <summary>Takes back a run that has not begun.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string id)
    {
        lock (_gate)
        {
            if (id == Current || !_state.Runs.Any(run => run.Id == id))
                return false;
            Keep(_state with { Runs = [.. _state.Runs.Where(run => run.Id != id)] });
            return true;
        }
    }

    /// <summary>The command's own work is done.</summary>
    public void EndCommand()
    {
        lock (_gate)
            _state = _state with { CommandDone = true };
    }

    /// <summary>The run under way has ended.</summary>
    public void EndCurrent()
    {
        lock (_gate)
        {
            var ended = Current;
            Current = null;
            Keep(_state with { Runs = [.. _state.Runs.Where(run => run.Id != ended)] });
        }
    }

    /// <summary>The first run; where there is none it waits for one, or closes the queue.</summary>
    /// <param name="stay">Whether to wait.</param>
    /// <param name="idle">Called before waiting.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The run, or null where the queue is empty and closed.</returns>
    public QueuedRun? Next(bool stay, Action idle, CancellationToken cancellation)
    {
        while (true)
        {
            lock (_gate)
            {
                if (!_closed && _state.Runs is [var first, ..])
                {
                    Keep(_state);
                    Current = first.Id;
                    return first;
                }

                if (_closed || !stay)
                {
                    Close();
                    return null;
                }

                if (_start is not null)
                    Keep(_state);
                // Signals of runs that have been taken or taken back.
                while (_added.Wait(0, CancellationToken.None)) { }
            }

            idle();
            _added.Wait(cancellation);
        }
    }

    public void Dispose() => _kept?.Dispose();

    // The file of a trainer that trains beside this one stays.
    private void Close()
    {
        if (!_closed && File.Exists(FilePath) && IsOurs())
            File.Delete(FilePath);
        _closed = true;
    }

    private string FreeName()
    {
        var name = _time.GetLocalNow().ToString("yyyyMMdd-HHmmss", null);
        for (var attempt = 1; ; attempt++)
        {
            var tried = attempt == 1 ? name : $"{name}-{attempt}";
            if (!Directory.Exists(Path.Combine(_folder, tried)) && _state.Runs.All(run => run.Id != tried))
                return tried;
        }
    }

    private void Keep(QueueState state)
    {
        _state = state;
        if (IsOurs())
            _kept.WriteJson(QueueFile, state);
    }

    // Whether no other trainer has the file.
    [MemberNotNullWhen(true, nameof(_kept))]
    private bool IsOurs()
    {
        if (_kept is not null)
            return true;
        var folder = RunFolder.Open(_folder);
        if (folder.TryLock())
            _kept = folder;
        return _kept is not null;
    }

    private QueueState Read()
    {
        try
        {
            return _kept!.ReadJson<QueueState>(QueueFile) ?? _state;
        }
        catch (JsonException error)
        {
            throw new TrainingException($"The waiting runs in '{FilePath}' cannot be read: {error.Message} Delete the file to go on without them.", error);
        }
    }

    /// <summary>What is kept.</summary>
    private sealed record QueueState(string? Start, bool CommandDone, IReadOnlyList<QueuedRun> Runs);
}
