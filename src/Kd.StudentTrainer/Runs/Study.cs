using Kd.StudentTrainer.Progress;

namespace Kd.StudentTrainer.Runs;

/// <summary>Runs some arms with one or several seeds, and compares them. Finished rows are kept, so that a study that starts again goes on with the first unfinished one.</summary>
/// <param name="context">What the runs share.</param>
/// <param name="folder">Where results go.</param>
/// <param name="arms">What is compared.</param>
/// <param name="withTeacher">Whether the teacher gets a row.</param>
internal sealed class Study(RunContext context, RunFolder folder, IReadOnlyList<StudyArm> arms, bool withTeacher)
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
        // Seed by seed: a machine that grows slower or faster over the hours does so for every arm.
        for (var seed = first; seed < first + _configuration.Run.Seeds; seed++)
        {
            foreach (var arm in arms)
                Add(arm.Name, seed, () => Train(arm, seed, cancellation));
        }

        folder.WriteText(RunFolder.TableFile, ResultTable.ToMarkdown(rows));
        return rows;

        void Add(string name, long seed, Func<RunResult> run)
        {
            if (rows.Any(row => row.Method == name && row.Seed == seed))
                return;
            rows.Add(run() with { Method = name, Seed = seed });
            folder.WriteJson(ResultsFile, rows);
            context.Progress.RowEnds(rows[^1]);
        }
    }

    private RunResult Train(StudyArm arm, long seed, CancellationToken cancellation)
    {
        var several = _configuration.Run.Seeds > 1;
        if (several || arm.Name != arm.Method)
            context.Progress.Note($"{arm.Name}{(several ? $", seed {seed}" : "")}");
        var name = several ? Path.Combine(arm.Name, $"seed{seed}") : arm.Name;
        var own = context with
        {
            Id = $"{context.Id}{(arm.Name == arm.Method ? "" : "." + arm.Name)}{(several ? $".seed{seed}" : "")}",
            Configuration = arm.Adapt(_configuration with { Run = _configuration.Run.WithSeed(seed) }),
        };
        return new TrainingRun(own.Replanned(), arm.Method, folder.Sub(name)).Execute(cancellation);
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
