using System.Globalization;
using System.Text;
using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Batches;
using Kd.Training.Configuration;
using Kd.Training.Diagnostics;
using Kd.Training.Evaluation;
using Kd.Training.Students;

namespace Kd.Training.Tasks;

/// <summary>Runs the task evaluate, which measures a weights file of the student's architecture on a split.</summary>
/// <param name="configuration">The settings.</param>
/// <param name="batches">Images and views.</param>
/// <param name="time">The clock.</param>
internal sealed class CheckpointEvaluation(RunConfiguration configuration, BatchSource batches, TimeProvider time)
{
    /// <summary>Evaluates the weights file, and writes the result to the folder evaluations.</summary>
    /// <returns>The result as text.</returns>
    /// <exception cref="TrainingException">No checkpoint is named.</exception>
    public string Execute(CancellationToken cancellation)
    {
        var run = configuration.Run;
        if (string.IsNullOrEmpty(run.Checkpoint))
            throw new TrainingException(
                "Run:Checkpoint is not set. Name the weights file (safetensors or a PyTorch state dict) that Run:Task=evaluate loads, "
                    + "for example runs/RUN/student.safetensors."
            );
        using var student = Student.Create(configuration, Methods.Labels, batches.Dataset.ClassNames.Count, batches.ViewSize);
        student.Load(run.Checkpoint, batches.Dataset.ClassNames);
        var split = run.Split switch
        {
            "train" => batches.Dataset.Train,
            "validation" => batches.Dataset.Validation,
            _ => batches.Dataset.Test,
        };
        var result = new Evaluator(batches).Measure(split, needsTeacher: false, student.Predict, cancellation);
        var folder = RunFolder.Open(Path.Combine(run.Folder, "evaluations"));
        var name = $"{time.GetLocalNow():yyyyMMdd-HHmmss}.json";
        folder.WriteJson(
            name,
            new
            {
                run.Checkpoint,
                split = run.Split,
                Result = result,
            }
        );
        return Format(result, run.Split) + $"\nwritten to {Path.Combine(folder.Path, name)}";
    }

    /// <summary>Formats the result for the terminal.</summary>
    internal static string Format(EvaluationResult result, string split)
    {
        var (low, high) = result.Interval;
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{result.Correct} of {result.Images} {split} images correct: top-1 {result.Accuracy:F2}% (95% interval {low:F2} to {high:F2}), "
        );
        text.Append(
            CultureInfo.InvariantCulture,
            $"top-5 {100.0 * result.TopFive / result.Images:F2}%, expected calibration error {result.CalibrationError:F4}"
        );
        foreach (var (name, accuracy) in result.Classes.Zip(result.ClassAccuracy))
            text.Append('\n')
                .Append(
                    CultureInfo.InvariantCulture,
                    $"  {name, -24} {(accuracy is { } percent ? percent.ToString("F1", CultureInfo.InvariantCulture) + "%" : "no image")}"
                );
        return text.ToString();
    }
}
