using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Steering;
using Kd.StudentTrainer.Teaching;

namespace Kd.StudentTrainer.Checkpoints;

/// <summary>Where a run is, beside its tensors: the next step is number <paramref name="Step"/> of epoch <paramref name="Epoch"/>.</summary>
/// <param name="TeacherId">Who teaches; null without a teacher.</param>
/// <param name="Epoch">From 0.</param>
/// <param name="Step">From 0.</param>
/// <param name="Steps">Steps of the whole run so far.</param>
/// <param name="Sums">Of the epoch so far.</param>
/// <param name="Best">The best finished epoch.</param>
/// <param name="Seen">Samples trained on in finished epochs.</param>
/// <param name="Usage">How the teacher was used so far.</param>
/// <param name="Seconds">Time that the run took so far.</param>
/// <param name="Target">The curriculum's target in force, as protobuf's JSON; null without a curriculum.</param>
/// <param name="Reports">Reports that the agent has not taken yet, as protobuf's JSON.</param>
/// <param name="InForce">Set by hand for the epoch.</param>
/// <param name="Coming">Set by hand for the epochs after it.</param>
/// <param name="Dataset">Checksum of the dataset, on whose order difficulty rests; null in checkpoints of earlier versions.</param>
internal sealed record RunState(
    string? TeacherId,
    int Epoch,
    int Step,
    long Steps,
    EpochSums Sums,
    BestEpoch Best,
    long Seen,
    TeacherUsage Usage,
    double Seconds,
    string? Target,
    IReadOnlyList<string> Reports,
    ManualTarget? InForce = null,
    ManualTarget? Coming = null,
    string? Dataset = null
);

/// <summary>What adds up over an epoch's steps.</summary>
/// <param name="Loss">Sum over samples.</param>
/// <param name="Samples">Samples trained on.</param>
/// <param name="Waited">Seconds that steps waited.</param>
/// <param name="Seconds">Seconds so far.</param>
/// <param name="Hits">Views from the teacher's cache.</param>
/// <param name="Computed">Views that the teacher computed.</param>
/// <param name="Times">Where the time went.</param>
internal sealed record EpochSums(double Loss, long Samples, double Waited, double Seconds, long Hits, long Computed, StepTimes Times = default)
{
    public static EpochSums Zero { get; } = new(0, 0, 0, 0, 0, 0);
}

/// <summary>The epoch with the best validation accuracy.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Accuracy">Percent; -1 before any.</param>
internal sealed record BestEpoch(int Epoch, double Accuracy)
{
    public static BestEpoch None { get; } = new(0, -1);
}
