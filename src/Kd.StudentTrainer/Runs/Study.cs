using Kd.StudentTrainer.Diagnostics;
using Kd.StudentTrainer.Steering;

namespace Kd.StudentTrainer.Runs;

/// <summary>Runs arms with seeds. Finished rows are kept, so that a study that starts again goes on with the first unfinished one.</summary>
internal sealed class Study
{
    private const string ResultsFile = "study.json";
    private readonly RunContext _context;
    private readonly RunFolder _folder;
    private readonly bool _several;
    private readonly List<RunResult> _rows;

    /// <param name="context">What the runs share.</param>
    /// <param name="folder">Where results go.</param>
    /// <param name="several">Whether arms have several seeds, and so a folder for each.</param>
    public Study(RunContext context, RunFolder folder, bool several)
    {
        (_context, _folder, _several) = (context, folder, several);
        _rows = context.Configuration.Run.Resume == "never" ? [] : folder.ReadJson<List<RunResult>>(ResultsFile) ?? [];
        if (_rows.Count > 0)
            context.Progress.Note(
                $"going on after {string.Join(", ", _rows.Select(row => several && row.Method != TeacherRow ? $"{row.Method} (seed {row.Seed})" : row.Method))}"
            );
    }

    /// <summary>Name of the teacher's row.</summary>
    public const string TeacherRow = "teacher";

    /// <summary>Finished rows.</summary>
    public IReadOnlyList<RunResult> Rows => _rows;

    /// <summary>Runs arms with the seeds of the settings, seed by seed: a machine that grows slower or faster over the hours does so for every arm.</summary>
    public void RunAll(IReadOnlyList<StudyArm> arms, CancellationToken cancellation)
    {
        var run = _context.Configuration.Run;
        for (var seed = run.Seed; seed < run.Seed + run.Seeds; seed++)
        {
            foreach (var (index, arm) in arms.Index())
            {
                _context.Progress.Place((int)(seed - run.Seed) * arms.Count + index + 1, run.Seeds * arms.Count);
                Run(arm, seed, cancellation);
            }
        }
    }

    /// <summary>Runs an arm with a seed, unless that was done before.</summary>
    public RunResult Run(StudyArm arm, long seed, CancellationToken cancellation) =>
        Add(
            arm.Name,
            seed,
            () =>
            {
                if (_several || arm.Name != arm.Method)
                    _context.Progress.Note($"{arm.Name}{(_several ? $", seed {seed}" : "")}");
                var own = _context with
                {
                    Id = IdOf(arm, seed),
                    Configuration = arm.Adapt(_context.Configuration with { Run = _context.Configuration.Run.WithSeed(seed) }),
                };
                return new TrainingRun(own.Replanned(), arm.Method, FolderOf(arm, seed)).Execute(cancellation);
            }
        );

    /// <summary>The folder of a run.</summary>
    public RunFolder FolderOf(StudyArm arm, long seed) => _folder.Sub(_several ? Path.Combine(arm.Name, $"seed{seed}") : arm.Name);

    /// <summary>The name of a run, of which the agent's name for it begins.</summary>
    public string IdOf(StudyArm arm, long seed) => $"{_context.Id}{(arm.Name == arm.Method ? "" : "." + arm.Name)}{(_several ? $".seed{seed}" : "")}";

    /// <summary>Measures the teacher's accuracy on the test images through its service.</summary>
    public void RunTeacher(CancellationToken cancellation) =>
        Add(
            TeacherRow,
            _context.Configuration.Run.Seed,
            () =>
            {
                var started = _context.Time.GetTimestamp();
                var before = _context.Teacher!.Usage;
                using var activity = TrainerTelemetry.Start(SpanNames.EvaluateTeacher, _context.Id, TeacherRow);
                var result = Evaluation.Measure(_context, _context.Dataset.Test, needsTeacher: true, batch => batch.TeacherLogits!, cancellation);
                var usage = _context.Teacher.Usage - before;
                return new RunResult(
                    TeacherRow,
                    result.Correct,
                    result.Images,
                    0,
                    usage.Computed,
                    usage.Hits,
                    _context.Time.GetElapsedTime(started).TotalSeconds,
                    null,
                    null
                );
            }
        );

    private RunResult Add(string name, long seed, Func<RunResult> run)
    {
        if (_rows.FirstOrDefault(row => row.Method == name && row.Seed == seed) is { } known)
            return known;
        var result = run() with { Method = name, Seed = seed };
        _rows.Add(result);
        _folder.WriteJson(ResultsFile, _rows);
        _context.Progress.RowEnds(result);
        if (_context.Control.StopsAfterEpoch)
            throw new RunStoppedException(name);
        return result;
    }
}
