using Kd.Settings;
using Kd.Training.Configuration;

namespace Kd.Training.Runs;

/// <summary>Determines when a run ends: after a number of epochs, or after a number of updates regardless of epochs.</summary>
/// <param name="configuration">The settings.</param>
/// <param name="method">Method of the run.</param>
/// <param name="samples">Number of training samples.</param>
internal sealed class RunLength(RunConfiguration configuration, string method, int samples)
{
    private readonly TrainingOptions _training = configuration.Training;

    /// <summary>Number of epochs of the run; an upper limit if it prunes samples.</summary>
    public int Epochs { get; } =
        configuration.Training.Updates == 0
            ? configuration.Training.Epochs
            : EpochsFor(configuration.Training.Updates, SamplesPerEpoch(configuration, method, samples), configuration.Training.BatchSize);

    /// <summary>Number of updates of the run; an estimate if the number of samples varies from epoch to epoch.</summary>
    public int ExpectedUpdates { get; } =
        configuration.Training.Updates == 0
            ? UpdatesOf(configuration.Training.Epochs, SamplesPerEpoch(configuration, method, samples), configuration.Training.BatchSize)
            : configuration.Training.Updates;

    /// <summary>Whether the run has ended.</summary>
    /// <param name="epoch">Finished epochs.</param>
    /// <param name="updates">Updates done.</param>
    public bool HasEnded(int epoch, long updates) => _training.Updates == 0 ? epoch >= _training.Epochs : updates >= _training.Updates;

    /// <summary>Limits the number of batches of an epoch to the remaining updates.</summary>
    /// <param name="batches">Batches of the whole epoch.</param>
    /// <param name="updatesBefore">Updates before the epoch.</param>
    public int LimitBatches(int batches, long updatesBefore) => _training.Updates == 0 ? batches : (int)Math.Min(batches, _training.Updates - updatesBefore);

    /// <summary>Gets the position in the schedule of the learning rate, in units of Training:Epochs.</summary>
    /// <param name="epoch">Finished epochs.</param>
    /// <param name="share">Share of the current epoch that is done.</param>
    /// <param name="updates">Updates done.</param>
    public double ScheduleAt(int epoch, double share, long updates) =>
        _training.Updates == 0 ? epoch + share : (double)_training.Epochs * updates / _training.Updates;

    /// <summary>Gets the share of the updates that are done; null if the run is measured in epochs.</summary>
    public double? Progress(long updates) => _training.Updates == 0 ? null : (double)updates / _training.Updates;

    // Samples that do not fill a batch are carried into the next epoch.
    private static int UpdatesOf(int epochs, int perEpoch, int batchSize) => (int)((long)epochs * perEpoch / Math.Min(batchSize, perEpoch));

    private static int EpochsFor(int updates, int perEpoch, int batchSize) => (int)Math.Ceiling((double)updates * Math.Min(batchSize, perEpoch) / perEpoch);

    private static int SamplesPerEpoch(RunConfiguration configuration, string method, int samples)
    {
        var options = configuration.Curriculum;
        var share =
            method != Methods.KdCurriculum || options.Policy == "none" ? 1
            : options.Policy == "infobatch" ? 1 - options.PruneProbability
            : options.EpochRatio;
        return Math.Max(1, (int)Math.Round(share * samples));
    }
}
