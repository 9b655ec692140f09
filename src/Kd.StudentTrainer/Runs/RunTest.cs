using Kd.StudentTrainer.Checkpoints;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Diagnostics;
using Kd.StudentTrainer.Reports;
using Kd.StudentTrainer.Training;
using Kd.Vision.Export;

namespace Kd.StudentTrainer.Runs;

/// <summary>The end of a run: tests the weights with the best validation accuracy, and writes what the user takes away.</summary>
/// <param name="context">What the runs share.</param>
/// <param name="method">What the student learnt from.</param>
/// <param name="folder">The run's folder, with its weights.</param>
/// <param name="course">What the samples were like.</param>
/// <param name="clock">The run's time in this process.</param>
internal sealed class RunTest(RunContext context, string method, RunFolder folder, Course course, RunClock clock)
{
    /// <summary>Runs the test.</summary>
    /// <param name="student">The student; its evaluated weights are replaced.</param>
    /// <param name="state">Where the run ended, with the time and the teacher's use before this process.</param>
    /// <param name="cancellation">Ends it early.</param>
    public RunResult Execute(Student student, RunState state, CancellationToken cancellation)
    {
        using var activity = TrainerTelemetry.Start(SpanNames.TestStudent, context.Id, method);
        var dataset = context.Dataset;
        student.Load(folder.LastWeights);
        var last = Evaluation.Measure(context, dataset.Test, needsTeacher: false, student.Predict, cancellation);
        student.Load(folder.BestWeights);
        var best = Evaluation.Measure(context, dataset.Test, needsTeacher: false, student.Predict, cancellation);
        folder.WriteJson(RunFolder.EvaluationFile, best);
        folder.Guard(() => OnnxFile.Write(folder.OnnxPath, student.Evaluated, dataset.ClassNames, context.Configuration.Student.OnnxInput));
        var (time, usage) = (state.Seconds + clock.Read().Time.TotalSeconds, state.Usage + clock.Read().Usage);
        var result = new RunResult(
            method,
            best.Correct,
            best.Images,
            state.Seen,
            usage.Computed,
            usage.Hits,
            time,
            state.Best.Epoch,
            state.Best.Accuracy,
            last.Correct,
            context.Configuration.Run.Seed,
            student.Steps,
            course.TeacherViews
        );
        if (Methods.UsesTeacher(method))
            DifficultyTable.Write(folder, dataset.Train, dataset.ClassNames, course.Difficulty);
        new RunReport(context, result, folder.ReadMetrics(), best, course.Difficulty).Write(folder);
        folder.WriteJson(RunFolder.ResultFile, result);
        context.Log.RunEnded(context.Id, method, result.Correct, result.TestImages);
        return result;
    }
}
