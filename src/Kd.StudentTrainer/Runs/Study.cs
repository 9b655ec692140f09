using Kd.StudentTrainer.Progress;

namespace Kd.StudentTrainer.Runs;

/// <summary>Runs methods with one or several seeds, and compares them. Finished rows are kept, so that a study that starts again goes on with the first unfinished one.</summary>
/// <param name="context">What the runs share.</param>
/// <param name="folder">Where results go.</param>
/// <param name="methods">The methods.</param>
/// <param name="withTeacher">Whether the teacher gets a row.</param>
internal sealed class Study(RunContext context, RunFolder folder, IReadOnlyList<string> methods, bool withTeacher)
{
    private const string ResultsFile = "study.json";
    private readonly RunConfiguration _configuration = context.Configuration;

    /// <summary>Runs what is not finished, and saves the table.</summary>
    public IReadOnlyList<RunResult> Execute(CancellationToken cancellation)
    {
        var rows = _configuration.Run.Resume == "never" ? [] : folder.ReadJson<List<RunResult>>(ResultsFile) ?? [];
        if (rows.Count > 0)
            context.Progress.Note($"going on after {string.Join(", ", rows.Select(Describe))}");
        var first = _configuration.Run.Seed;
        if (withTeacher)
            Add("teacher", first, () => EvaluateTeacher(cancellation));
        foreach (var method in methods)
        {
            for (var seed = first; seed < first + _configuration.Run.Seeds; seed++)
                Add(method, seed, () => Train(method, seed, cancellation));
        }

        folder.WriteText(RunFolder.TableFile, ResultTable.ToMarkdown(rows));
        return rows;

        void Add(string name, long seed, Func<RunResult> run)
        {
            if (rows.Any(row => row.Method == name && row.Seed == seed))
                return;
            rows.Add(run() with { Seed = seed });
            folder.WriteJson(ResultsFile, rows);
            context.Progress.RowEnds(rows[^1]);
        }
    }

    private RunResult Train(string method, long seed, CancellationToken cancellation)
    {
        if (_configuration.Run.Seeds == 1)
            return new TrainingRun(context, method, folder.Sub(method)).Execute(cancellation);
        context.Progress.Note($"{method}, seed {seed}");
        var seeded = context with { Id = $"{context.Id}.seed{seed}", Configuration = _configuration with { Run = _configuration.Run.WithSeed(seed) } };
        return new TrainingRun(seeded, method, folder.Sub(Path.Combine(method, $"seed{seed}"))).Execute(cancellation);
    }

    private string Describe(RunResult row) => _configuration.Run.Seeds == 1 || row.Method == "teacher" ? row.Method : $"{row.Method} (seed {row.Seed})";

    /// <summary>The teacher's accuracy on the test images, computed through its service.</summary>
    private RunResult EvaluateTeacher(CancellationToken cancellation)
    {
        var started = context.Time.GetTimestamp();
        var before = context.Teacher!.Usage;
        using var activity = TrainerTelemetry.Source.StartActivity("teacher.evaluation");
        var result = Evaluation.Measure(context, context.Dataset.Test, needsTeacher: true, batch => batch.TeacherLogits!, cancellation);
        var usage = context.Teacher.Usage - before;
        return new RunResult("teacher", result.Correct, result.Images, 0, usage.Computed, usage.Hits, context.Time.GetElapsedTime(started).TotalSeconds, null, null);
    }
}
