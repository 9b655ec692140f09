using System.Text.Json.Serialization;

namespace Kd.Training.Artifacts;

/// <summary>A row of the result table: the result of one run, or of the teacher.</summary>
public sealed record RunResult
{
    /// <summary>Method or study arm; teacher for the teacher.</summary>
    public required string Method { get; init; }

    /// <summary>Test images that the weights with the best validation accuracy classify correctly.</summary>
    public required int Correct { get; init; }

    /// <summary>Number of test images.</summary>
    public required int TestImages { get; init; }

    /// <summary>Samples trained on, over all epochs.</summary>
    public required long SamplesSeen { get; init; }

    /// <summary>Views that the teacher computed for this row.</summary>
    public required long TeacherComputed { get; init; }

    /// <summary>Views answered from the teacher's cache.</summary>
    public required long CacheHits { get; init; }

    /// <summary>Wall time, seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Epoch of the tested weights, from 0; null for the teacher.</summary>
    public int? BestEpoch { get; init; }

    /// <summary>Validation accuracy of the tested weights, percent; null for the teacher.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>Test images that the weights of the last epoch classify correctly; null for the teacher.</summary>
    public int? LastCorrect { get; init; }

    /// <summary>Run:Seed of the run. Default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Optimizer steps.</summary>
    public long Updates { get; init; }

    /// <summary>Views that the teacher would have computed with an empty cache.</summary>
    public long TeacherViews { get; init; }

    /// <summary>Views of the run that lack the logits of one of several teachers, which was unavailable (TeacherClient:WhenAway=GoOn).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long IncompleteViews { get; init; }

    /// <summary>
    /// Mean KL divergence of the last epoch's student from the teacher on the test images at temperature 1, nats; null outside studies with a row of the
    /// teacher.
    /// </summary>
    public double? Divergence { get; init; }

    /// <summary>Id of the teacher of the study; null where there is none, and in rows of earlier versions.</summary>
    public string? TeacherId { get; init; }

    /// <summary>Whether the dataset has no labels, so that the teacher's choices count as right, and accuracy is agreement with it.</summary>
    public bool IsAgreement { get; init; }

    /// <summary>Test accuracy of the weights with the best validation accuracy, percent.</summary>
    public double TestAccuracy => 100.0 * Correct / TestImages;

    /// <summary>Test accuracy of the weights of the last epoch, percent; null for the teacher.</summary>
    public double? LastAccuracy => 100.0 * LastCorrect / TestImages;
}
