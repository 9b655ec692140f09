using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Batches;
using Kd.Training.Control;
using Kd.Training.Diagnostics;
using Kd.Training.Evaluation;
using Kd.Training.Runs;
using Kd.Training.Teaching;
using Kd.Vision.Datasets;

namespace Kd.Training.Studies;

/// <summary>
/// Runs arms with several seeds. Finished rows are saved, so that a restarted study continues with its first unfinished run. Processes that run the same
/// study with seeds share its runs: a lock on the folder of a run claims it.
/// </summary>
internal sealed class Study
{
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(1);
    private readonly RunSetup _setup;
    private readonly bool _hasSeeds;
    private readonly Func<DatasetOptions, ImageDataset>? _openDataset;
    private readonly Trainer _trainer;
    private readonly RunMonitor _monitor;
    private readonly RunControl _control;
    private readonly TimeProvider _time;
    private IReadOnlyList<RunResult> _rows;
    private IReadOnlyList<StudyArm> _arms = [];

    /// <summary>Loads the finished rows.</summary>
    /// <param name="setup">The study.</param>
    /// <param name="hasSeeds">Whether arms run with several seeds, each in a folder of its own.</param>
    /// <param name="trainer">Runs the arms.</param>
    /// <param name="monitor">Shows the study.</param>
    /// <param name="control">Stops the study.</param>
    /// <param name="time">The clock.</param>
    /// <param name="openDataset">Opens the images of a seed, whose subset and splits differ from those of other seeds; null: all seeds have the same.</param>
    public Study(
        RunSetup setup,
        bool hasSeeds,
        Trainer trainer,
        RunMonitor monitor,
        RunControl control,
        TimeProvider time,
        Func<DatasetOptions, ImageDataset>? openDataset = null
    )
    {
        (_setup, _hasSeeds, _trainer, _monitor, _control, _time, _openDataset) = (setup, hasSeeds, trainer, monitor, control, time, openDataset);
        _rows = Saved();
        CheckTeacher(_rows);
        if (_rows.Count > 0)
            monitor.Note($"continuing after {string.Join(", ", _rows.Select(Name))}");
    }

    /// <summary>Finished rows.</summary>
    public IReadOnlyList<RunResult> Rows => _rows;

    /// <summary>Name of the study.</summary>
    public string Id => _setup.Id;

    /// <summary>The images.</summary>
    public ImageDataset Dataset => _setup.Dataset;

    /// <summary>
    /// Runs arms with the seeds of the settings, seed by seed, so that slow changes of the machine's speed affect all arms alike, the longest first. Waits for
    /// the runs of other processes.
    /// </summary>
    /// <param name="arms">The arms.</param>
    /// <param name="cancellation">Cancels the runs of this process.</param>
    /// <param name="idle">Called when all that is left are runs of other processes.</param>
    public void RunAll(IReadOnlyList<StudyArm> arms, CancellationToken cancellation, Action? idle = null)
    {
        _arms = arms;
        var run = _setup.Configuration.Run;
        var longestFirst = arms.OrderByDescending(arm => arm.Length).ToList();
        var open = Enumerable.Range(0, run.Seeds).SelectMany(seed => longestFirst.Select(arm => (Arm: arm, Seed: run.Seed + seed))).ToList();
        var count = open.Count;
        while (open.Count > 0)
        {
            var left = open.Count;
            foreach (var entry in open.ToList())
            {
                _monitor.SetStudyPosition(count - open.Count + 1, count);
                if (TryRun(entry.Arm, entry.Seed, cancellation))
                    open.Remove(entry);
            }

            if (open.Count == left)
                WaitForOthers(idle, cancellation);
            cancellation.ThrowIfCancellationRequested();
        }

        Save(Sort(_rows));
    }

    // Rows in the order of the runs, whichever process ran them.
    private IReadOnlyList<RunResult> Sort(IEnumerable<RunResult> rows)
    {
        return [.. rows.OrderBy(row => StudySummary.IsTeacher(row.Method) ? 0 : 1).ThenBy(row => row.Seed).ThenBy(Position)];

        int Position(RunResult row) => _arms.Index().FirstOrDefault(arm => arm.Item.Name == row.Method).Index;
    }

    private void WaitForOthers(Action? idle, CancellationToken cancellation)
    {
        idle?.Invoke();
        cancellation.WaitHandle.WaitOne(s_poll);
        if (_control.StopsAfterEpoch)
            throw new RunStoppedException("this process's last run");
    }

    // Whether the row is finished; not while another process works on it.
    private bool TryRun(StudyArm arm, long seed, CancellationToken cancellation)
    {
        if (_rows.Any(row => row.Method == arm.Name && row.Seed == seed))
            return true;
        using var folder = FolderOf(arm, seed);
        if (!folder.TryLock())
            return false;
        Add(
            arm.Name,
            seed,
            () =>
            {
                if (folder.ReadJson<RunResult>(RunFolder.ResultFile, _monitor.Note) is { } finished)
                    return finished;
                if (_hasSeeds || arm.Name != arm.Method)
                    _monitor.Note($"{arm.Name}{(_hasSeeds ? $", seed {seed}" : "")}");
                return _trainer.Train(SetupOf(arm, seed), cancellation);
            }
        );
        return true;
    }

    /// <summary>Opens the folder of a run.</summary>
    public RunFolder FolderOf(StudyArm arm, long seed) => _setup.Folder.OpenSubfolder(_hasSeeds ? Path.Combine(arm.Name, $"seed{seed}") : arm.Name);

    /// <summary>Gets the id of a run; its id for the agent starts with it.</summary>
    public string IdOf(StudyArm arm, long seed) => $"{_setup.Id}{(arm.Name == arm.Method ? "" : "." + arm.Name)}{(_hasSeeds ? $".seed{seed}" : "")}";

    /// <summary>Measures the accuracy of each teacher on the test images, and that of the mean of several.</summary>
    public void RunTeachers(CancellationToken cancellation)
    {
        var count = _setup.Batches.Teacher!.Usages.Count;
        var rows = new Lazy<IReadOnlyList<RunResult>>(() => MeasureTeachers(cancellation));
        string[] names = [.. StudySummary.TeacherRows(count), .. count > 1 ? [StudySummary.TeachersMeanRow] : Array.Empty<string>()];
        foreach (var (index, name) in names.Index())
            Add(name, _setup.Configuration.Run.Seed, () => rows.Value[index]);
    }

    // The rows of the teachers, then that of the mean of several. The views are rendered once for all of them.
    private List<RunResult> MeasureTeachers(CancellationToken cancellation)
    {
        var teacher = _setup.Batches.Teacher!;
        var (started, before) = (_time.GetTimestamp(), teacher.Usages);
        var correct = new int[before.Count];
        using var activity = TrainingTelemetry.Start(SpanNames.EvaluateTeacher, _setup.Id, StudySummary.TeacherRow);
        var mean = new Evaluator(_setup.Batches with { NeedsAllTeachers = true }).Measure(Dataset.Test, needsTeacher: true, Count, cancellation);
        var usage = teacher.Usages.Zip(before, (now, then) => now - then).ToList();
        var seconds = _time.GetElapsedTime(started).TotalSeconds;
        var rows = correct.Zip(usage, Row).ToList();
        if (rows.Count > 1)
            rows.Add(Row(mean.Correct, usage.Aggregate((sum, one) => sum + one)));
        return rows;

        float[] Count(ReadyBatch batch)
        {
            for (var one = 0; one < correct.Length; one++)
                correct[one] += Evaluator.CountCorrect(batch.Answers!.Of(one)!, batch.Labels);
            return batch.TeacherLogits!;
        }

        RunResult Row(int right, TeacherUsage used) =>
            new()
            {
                Method = StudySummary.TeacherRow,
                Correct = right,
                TestImages = mean.Images,
                SamplesSeen = 0,
                TeacherComputed = used.Computed,
                CacheHits = used.Hits,
                Seconds = seconds,
            };
    }

    // Creates a new view planner, since an arm may change the views.
    private RunSetup SetupOf(StudyArm arm, long seed)
    {
        var study = _setup.Configuration with { Run = _setup.Configuration.Run.WithSeed(seed) };
        if (_openDataset is not null)
            study = study with { Dataset = study.Dataset.WithOffset(seed - _setup.Configuration.Run.Seed) };
        var configuration = arm.Adapt(study);
        var dataset = _openDataset?.Invoke(configuration.Dataset) ?? _setup.AllBatches.Dataset;
        var planner = DatasetLoader.PlanViews(dataset, configuration.Views.Size, configuration.Views.Seed);
        return _setup with
        {
            Id = IdOf(arm, seed),
            Method = arm.Method,
            Configuration = configuration,
            Batches = _setup.AllBatches with { Dataset = dataset, Planner = planner },
            Folder = FolderOf(arm, seed),
            // The teacher labels them for its own row.
            MeasuresDivergence = configuration.Run.Study != StudyKinds.None,
        };
    }

    private void Add(string name, long seed, Func<RunResult> run)
    {
        if (_rows.Any(row => row.Method == name && row.Seed == seed))
            return;
        var row = run();
        var result = row with { Method = name, Seed = seed, TeacherId = row.TeacherId ?? _setup.Teacher?.Id };
        Save([.. _rows, result]);
        _monitor.EndStudyRun(result);
        if (_control.StopsAfterEpoch)
            throw new RunStoppedException(name);
    }

    // Rows that only another process of the study has so far stay in the file.
    private void Save(IReadOnlyList<RunResult> rows)
    {
        _rows = rows;
        _setup.Folder.WriteAlone(() =>
        {
            var saved = Saved();
            CheckTeacher([.. rows, .. saved]);
            var others = saved.Where(other => !rows.Any(row => (row.Method, row.Seed) == (other.Method, other.Seed)));
            _setup.Folder.WriteJson(RunFolder.StudyFile, Sort([.. rows, .. others]));
        });
    }

    private List<RunResult> Saved() => _setup.Folder.ReadJson<List<RunResult>>(RunFolder.StudyFile, _monitor.Note) ?? [];

    // A table of students of different teachers would compare what cannot be compared.
    private void CheckTeacher(IEnumerable<RunResult> rows)
    {
        if (_setup.Teacher?.Id is { } id && rows.FirstOrDefault(row => row.TeacherId is { } other && other != id) is { } row)
            throw new TrainingException(
                $"The study in '{_setup.Folder.Path}' used the teacher {row.TeacherId} ({Name(row)}), but now {id} is served. Start the same teacher (weights,"
                    + " precision, Teacher:Engine, Batching:MaxBatch, Cache:TopK), or start over with Run:Resume=never or another Run:Id."
            );
    }

    private string Name(RunResult row) => _hasSeeds && !StudySummary.IsTeacher(row.Method) ? $"{row.Method} (seed {row.Seed})" : row.Method;
}
