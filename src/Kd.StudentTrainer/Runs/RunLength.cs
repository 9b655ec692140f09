using Kd.Protocol.Curriculum.V1;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Runs;

/// <summary>When a run is over: after its epochs, or after a number of updates, however many epochs those are.</summary>
/// <param name="configuration">The settings.</param>
/// <param name="method">What the student learns from.</param>
/// <param name="samples">Training samples.</param>
internal sealed class RunLength(RunConfiguration configuration, string method, int samples)
{
    private readonly TrainingOptions _training = configuration.Training;

    /// <summary>Epochs that the run will have, at most where it prunes.</summary>
    public int Epochs { get; } =
        configuration.Training.Updates == 0
            ? configuration.Training.Epochs
            : (int)Math.Ceiling((double)configuration.Training.Updates / UpdatesOf(configuration, method, samples));

    /// <summary>Whether nothing is left to do.</summary>
    /// <param name="epoch">Finished epochs.</param>
    /// <param name="updates">Updates done.</param>
    public bool IsOver(int epoch, long updates) => _training.Updates == 0 ? epoch >= _training.Epochs : updates >= _training.Updates;

    /// <summary>How many of an epoch's batches are trained on.</summary>
    /// <param name="batches">All of them.</param>
    /// <param name="updatesBefore">Updates before the epoch.</param>
    public int Cut(int batches, long updatesBefore) => _training.Updates == 0 ? batches : (int)Math.Min(batches, _training.Updates - updatesBefore);

    /// <summary>Where the step size's schedule is, in units of Training:Epochs.</summary>
    /// <param name="epoch">Finished epochs.</param>
    /// <param name="share">Share of the current epoch that is done.</param>
    /// <param name="updates">Updates done.</param>
    public double ScheduleAt(int epoch, double share, long updates) =>
        _training.Updates == 0 ? epoch + share : (double)_training.Epochs * updates / _training.Updates;

    /// <summary>Share of the updates that are done; null where epochs are counted.</summary>
    public double? Progress(long updates) => _training.Updates == 0 ? null : (double)updates / _training.Updates;

    private static int UpdatesOf(RunConfiguration configuration, string method, int samples)
    {
        var options = configuration.Curriculum;
        var share =
            method != Methods.KdCurriculum || options.ProtocolPolicy.Policy == Policy.None ? 1
            : options.ProtocolPolicy.Policy == Policy.Infobatch ? 1 - options.PruneProbability
            : options.EpochRatio;
        return BatchPlan.Count(Math.Max(1, (int)Math.Round(share * samples)), configuration.Training.BatchSize);
    }
}
