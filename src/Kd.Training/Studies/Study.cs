using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Diagnostics;
using Kd.Training.Evaluation;
using Kd.Training.Runs;
using Kd.Vision.Datasets;

namespace Kd.Training.Studies;

/// <summary>Runs arms with several seeds. Finished rows are saved, so that a restarted study continues with its first unfinished run.</summary>
internal sealed class Study
{
    private readonly RunSetup _setup;
    private readonly bool _hasSeeds;
    private readonly Trainer _trainer;
    private readonly RunMonitor _monitor;
    private readonly RunControl _control;
    private readonly TimeProvider _time;
    private readonly List<RunResult> _rows;

    /// <summary>Loads the finished rows.</summary>
    /// <param name="setup">The study.</param>
    /// <param name="hasSeeds">Whether arms run with several seeds, each in a folder of its own.</param>
    /// <param name="trainer">Runs the arms.</param>
    /// <param name="monitor">Shows the study.</param>
    /// <param name="control">Stops the study.</param>
    /// <param name="time">The clock.</param>
    public Study(RunSetup setup, bool hasSeeds, Trainer trainer, RunMonitor monitor, RunControl control, TimeProvider time)
    {
        (_setup, _hasSeeds, _trainer, _monitor, _control, _time) = (setup, hasSeeds, trainer, monitor, control, time);
        _rows = setup.Configuration.Run.Resume == "never" ? [] : setup.Folder.ReadJson<List<RunResult>>(RunFolder.StudyFile) ?? [];
        if (_rows.Count > 0)
            monitor.Note($"continuing after {string.Join(", ", _rows.Select(Name))}");

        string Name(RunResult row) => hasSeeds && row.Method != StudySummary.TeacherRow ? $"{row.Method} (seed {row.Seed})" : row.Method;
    }

    /// <summary>Finished rows.</summary>
    public IReadOnlyList<RunResult> Rows => _rows;

    /// <summary>Name of the study.</summary>
    public string Id => _setup.Id;

    /// <summary>The images.</summary>
    public ImageDataset Dataset => _setup.Dataset;

    /// <summary>Runs arms with the seeds of the settings, seed by seed, so that slow changes of the machine's speed affect all arms alike.</summary>
    public void RunAll(IReadOnlyList<StudyArm> arms, CancellationToken cancellation)
    {
        var run = _setup.Configuration.Run;
        for (var seed = run.Seed; seed < run.Seed + run.Seeds; seed++)
        {
            foreach (var (index, arm) in arms.Index())
            {
                _monitor.SetStudyPosition((int)(seed - run.Seed) * arms.Count + index + 1, run.Seeds * arms.Count);
                Run(arm, seed, cancellation);
            }
        }
    }

    /// <summary>Runs an arm with a seed, unless its row is finished.</summary>
    public RunResult Run(StudyArm arm, long seed, CancellationToken cancellation) =>
        Add(
            arm.Name,
            seed,
            () =>
            {
                if (_hasSeeds || arm.Name != arm.Method)
                    _monitor.Note($"{arm.Name}{(_hasSeeds ? $", seed {seed}" : "")}");
                return _trainer.Train(SetupOf(arm, seed), cancellation);
            }
        );

    /// <summary>Opens the folder of a run.</summary>
    public RunFolder FolderOf(StudyArm arm, long seed) => _setup.Folder.OpenSubfolder(_hasSeeds ? Path.Combine(arm.Name, $"seed{seed}") : arm.Name);

    /// <summary>Gets the id of a run; its id for the agent starts with it.</summary>
    public string IdOf(StudyArm arm, long seed) => $"{_setup.Id}{(arm.Name == arm.Method ? "" : "." + arm.Name)}{(_hasSeeds ? $".seed{seed}" : "")}";

    /// <summary>Measures the accuracy of the teacher service on the test images.</summary>
    public void RunTeacher(CancellationToken cancellation) => Add(StudySummary.TeacherRow, _setup.Configuration.Run.Seed, () => MeasureTeacher(cancellation));

    private RunResult MeasureTeacher(CancellationToken cancellation)
    {
        var teacher = _setup.Batches.Teacher!;
        var (started, before) = (_time.GetTimestamp(), teacher.Usage);
        using var activity = TrainingTelemetry.Start(SpanNames.EvaluateTeacher, _setup.Id, StudySummary.TeacherRow);
        var result = new Evaluator(_setup.Batches).Measure(Dataset.Test, needsTeacher: true, batch => batch.TeacherLogits!, cancellation);
        var usage = teacher.Usage - before;
        return new RunResult
        {
            Method = StudySummary.TeacherRow,
            Correct = result.Correct,
            TestImages = result.Images,
            SamplesSeen = 0,
            TeacherComputed = usage.Computed,
            CacheHits = usage.Hits,
            Seconds = _time.GetElapsedTime(started).TotalSeconds,
        };
    }

    // Creates a new view planner, since an arm may change the views.
    private RunSetup SetupOf(StudyArm arm, long seed)
    {
        var study = _setup.Configuration;
        var configuration = arm.Adapt(study with { Run = study.Run.WithSeed(seed) });
        var planner = DatasetLoader.PlanViews(Dataset, configuration.Views.Size, configuration.Views.Seed);
        return _setup with
        {
            Id = IdOf(arm, seed),
            Method = arm.Method,
            Configuration = configuration,
            Batches = _setup.Batches with { Planner = planner },
            Folder = FolderOf(arm, seed),
        };
    }

    private RunResult Add(string name, long seed, Func<RunResult> run)
    {
        if (_rows.FirstOrDefault(row => row.Method == name && row.Seed == seed) is { } known)
            return known;
        var result = run() with { Method = name, Seed = seed };
        _rows.Add(result);
        _setup.Folder.WriteJson(RunFolder.StudyFile, _rows);
        _monitor.EndStudyRun(result);
        if (_control.StopsAfterEpoch)
            throw new RunStoppedException(name);
        return result;
    }
}
