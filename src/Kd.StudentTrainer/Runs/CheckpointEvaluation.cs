using System.Globalization;
using System.Text;
using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Runs;

/// <summary>The task evaluate: any weights file of the student's architecture on any split.</summary>
internal sealed class CheckpointEvaluation(RunContext context)
{
    /// <summary>Evaluates, writes the result into the run folder, and gives it as text.</summary>
    /// <exception cref="TrainingException">No checkpoint is named.</exception>
    public string Execute(CancellationToken cancellation)
    {
        var run = context.Configuration.Run;
        if (string.IsNullOrEmpty(run.Checkpoint))
            throw new TrainingException(
                "Run:Checkpoint is not set. Name the weights file (safetensors or a PyTorch state dict) that Run:Task=evaluate is to load, for example runs/RUN/student.safetensors."
            );
        using var student = Student.Create(context.Configuration, Methods.Labels, context.Dataset.ClassNames.Count, context.Planner.Size);
        student.Load(run.Checkpoint, context.Dataset.ClassNames);
        var split = run.Split switch
        {
            "train" => context.Dataset.Train,
            "validation" => context.Dataset.Validation,
            _ => context.Dataset.Test,
        };
        var result = Evaluation.Measure(context, split, needsTeacher: false, student.Predict, cancellation);
        var folder = RunFolder.Open(Path.Combine(run.Folder, "evaluations"));
        var name = $"{context.Time.GetLocalNow():yyyyMMdd-HHmmss}.json";
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

    /// <summary>The result for people.</summary>
    internal static string Format(EvaluationResult result, string split)
    {
        var (low, high) = result.Interval;
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{result.Correct} of {result.Images} {split} images right: top-1 {result.Accuracy:F2}% (95% interval {low:F2} to {high:F2}), "
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
