using Kd.Training.Artifacts;
using Kd.Training.Curriculum;
using Kd.Training.Diagnostics;
using Kd.Training.Evaluation;
using Kd.Training.Reports;
using Kd.Training.Students;
using Kd.Vision.Export;

namespace Kd.Training.Runs;

/// <summary>Evaluates the best and the last weights on the test images, and writes ONNX file, report and result.</summary>
/// <param name="setup">The run.</param>
/// <param name="plan">Contains the difficulty of the samples.</param>
/// <param name="clock">Time of the run in this process.</param>
/// <param name="evaluator">Measures the student.</param>
/// <param name="log">Receives the log messages.</param>
internal sealed class TestEvaluation(RunSetup setup, EpochPlan plan, RunClock clock, Evaluator evaluator, ILogger log)
{
    /// <summary>Runs the evaluation.</summary>
    /// <param name="student">The student; its evaluated weights are replaced.</param>
    /// <param name="state">State at the end of the run, with time and use of the teacher before this process.</param>
    /// <param name="cancellation">Cancels the evaluation.</param>
    public RunResult Execute(Student student, RunState state, CancellationToken cancellation)
    {
        using var activity = TrainingTelemetry.Start(SpanNames.TestStudent, setup.Id, setup.Method);
        var (dataset, folder) = (setup.Dataset, setup.Folder);
        // The teacher's answers for the test images are not use of the run.
        var usage = state.Usage + clock.Read().Usage;
        student.Load(folder.LastWeights);
        var last = evaluator.Measure(dataset.Test, setup.MeasuresDivergence, student.Predict, cancellation);
        student.Load(folder.BestWeights);
        var best = evaluator.Measure(dataset.Test, needsTeacher: false, student.Predict, cancellation);
        folder.WriteJson(RunFolder.EvaluationFile, best);
        var input = setup.Configuration.Student.OnnxInput;
        folder.Guard(() => OnnxFile.Write(folder.OnnxPath, student.Evaluated, dataset.ClassNames, input, setup.Batches.Planner));
        var result = Summarize(state with { Usage = usage }, (best, last), student.Steps);
        if (setup.UsesTeacher)
            DifficultyTable.Write(folder, dataset, plan.Difficulty);
        CreateReport(result, best).Write(folder);
        folder.WriteJson(RunFolder.ResultFile, result);
        log.RunEnded(setup.Id, setup.Method, result.Correct, result.TestImages);
        return result;
    }

    private RunReport CreateReport(RunResult result, EvaluationResult test)
    {
        var options = setup.Configuration.Student;
        return new RunReport
        {
            Id = setup.Id,
            Dataset = setup.Dataset,
            Student = FormattableString.Invariant($"{options.Architecture}, width {options.Width}, {setup.Batches.ViewSize} px"),
            Teacher = setup.UsesTeacher ? setup.Teacher?.Architecture : null,
            Result = result,
            Epochs = setup.Folder.ReadMetrics(),
            Test = test,
            Difficulty = plan.Difficulty,
        };
    }

    private RunResult Summarize(RunState state, (EvaluationResult Best, EvaluationResult Last) test, long updates)
    {
        return new RunResult
        {
            Method = setup.Method,
            Correct = test.Best.Correct,
            TestImages = test.Best.Images,
            SamplesSeen = state.Seen,
            TeacherComputed = state.Usage.Computed,
            CacheHits = state.Usage.Hits,
            Seconds = state.Seconds + clock.Read().Time.TotalSeconds,
            BestEpoch = state.Best.Epoch,
            ValidationAccuracy = state.Best.Accuracy,
            LastCorrect = test.Last.Correct,
            Seed = setup.Configuration.Run.Seed,
            Updates = updates,
            TeacherViews = plan.TeacherViews,
            IncompleteViews = state.Usage.Incomplete,
            Divergence = test.Last.Divergence,
            TeacherId = setup.Teacher?.Id,
            IsAgreement = setup.Dataset.IsLabeledByTeacher,
        };
    }
}
