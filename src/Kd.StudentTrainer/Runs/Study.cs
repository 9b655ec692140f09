using Kd.StudentTrainer.Progress;
using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Runs;

/// <summary>Compares the teacher and the four methods. Finished rows are kept, so that a study that starts again goes on with the first unfinished one.</summary>
internal sealed class Study(RunContext context, RunFolder folder)
{
    private const string ResultsFile = "study.json";

    /// <summary>Runs what is not finished, and saves the table.</summary>
    public IReadOnlyList<RunResult> Execute(CancellationToken cancellation)
    {
        var rows = context.Configuration.Run.Resume == "never" ? [] : folder.ReadJson<List<RunResult>>(ResultsFile) ?? [];
        if (rows.Count > 0)
            context.Progress.Note($"going on after {string.Join(", ", rows.Select(row => row.Method))}");
        Add("teacher", () => EvaluateTeacher(cancellation));
        foreach (var method in Methods.Study)
            Add(method, () => new TrainingRun(context, method, folder.Sub(method)).Execute(cancellation));
        folder.WriteText(RunFolder.TableFile, ResultTable.ToMarkdown(rows));
        return rows;

        void Add(string name, Func<RunResult> run)
        {
            if (rows.Any(row => row.Method == name))
                return;
            rows.Add(run());
            folder.WriteJson(ResultsFile, rows);
            context.Progress.RowEnds(rows[^1]);
        }
    }

    /// <summary>The teacher's accuracy on the test images, computed through its service.</summary>
    private RunResult EvaluateTeacher(CancellationToken cancellation)
    {
        var started = context.Time.GetTimestamp();
        var before = context.Teacher!.Usage;
        using var activity = TrainerTelemetry.Source.StartActivity("teacher.evaluation");
        var test = context.Dataset.Test;
        var correct = Evaluation.CountCorrect(context, test, needsTeacher: true, batch => batch.TeacherLogits!, cancellation);
        var usage = context.Teacher.Usage - before;
        return new RunResult("teacher", correct, test.Count, 0, usage.Computed, usage.Hits, context.Time.GetElapsedTime(started).TotalSeconds, null, null);
    }
}
