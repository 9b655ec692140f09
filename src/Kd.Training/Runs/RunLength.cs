using Kd.Settings;
using Kd.Training.Configuration;

namespace Kd.Training.Runs;

/// <summary>Determines when a run ends: after a number of epochs, of updates, or when its budget of compute is spent.</summary>
/// <param name="configuration">The settings.</param>
/// <param name="method">Method of the run.</param>
/// <param name="samples">Number of training samples.</param>
internal sealed class RunLength(RunConfiguration configuration, string method, int samples)
{
    private readonly TrainingOptions _training = configuration.Training;

    /// <summary>Number of epochs of the run; an upper limit if it prunes samples, an estimate if the agent decides about sizes within a budget.</summary>
    public int Epochs { get; } = CountEpochs(configuration, method, samples);

    /// <summary>Number of updates of the run; an estimate if the number of samples varies from epoch to epoch.</summary>
    public int ExpectedUpdates { get; } =
        configuration.Training is { Updates: > 0, Compute: 0 }
            ? configuration.Training.Updates
            : UpdatesOf(CountEpochs(configuration, method, samples), SamplesPerEpoch(configuration, method, samples), configuration.Training.BatchSize);

    /// <summary>Whether the run has ended.</summary>
    public bool HasEnded(RunPosition position) =>
        _training.Compute > 0 ? position.Compute >= _training.Compute
        : _training.Updates > 0 ? position.Updates >= _training.Updates
        : position.Epoch >= _training.Epochs;

    /// <summary>Limits the number of batches of an epoch to the remaining updates.</summary>
    /// <param name="batches">Batches of the whole epoch.</param>
    /// <param name="updatesBefore">Updates before the epoch.</param>
    public int LimitBatches(int batches, long updatesBefore) =>
        _training is { Updates: > 0, Compute: 0 } ? (int)Math.Min(batches, _training.Updates - updatesBefore) : batches;

    /// <summary>Gets the share of the run that is done, 0 to 1: the position in the schedules.</summary>
    /// <param name="position">The position.</param>
    /// <param name="share">Share of the current epoch that is done.</param>
    public double ProgressAt(RunPosition position, double share) =>
        _training.Compute > 0 ? Math.Min(1, position.Compute / _training.Compute)
        : _training.Updates > 0 ? (double)position.Updates / _training.Updates
        : (position.Epoch + share) / _training.Epochs;

    /// <summary>Gets the share of the run that is done after an epoch; null if the run is measured in epochs.</summary>
    public double? ProgressAt(RunPosition position) => _training is { Compute: 0, Updates: 0 } ? null : ProgressAt(position, 0);

    /// <summary>Cost of a step, in epochs at the full size of the views.</summary>
    /// <param name="batch">Samples of the step.</param>
    /// <param name="scale">Size of the student's input as a share of the view's.</param>
    /// <param name="viewSize">Size of the views, px.</param>
    public double CostOf(int batch, double scale, int viewSize)
    {
        var side = (double)ResolutionSchedule.ToSize(scale, viewSize) / viewSize;
        return side * side * batch / samples;
    }

    // Samples that do not fill a batch are carried into the next epoch.
    private static int UpdatesOf(int epochs, int perEpoch, int batchSize) => (int)((long)epochs * perEpoch / Math.Min(batchSize, perEpoch));

    private static int CountEpochs(RunConfiguration configuration, string method, int samples)
    {
        var (training, perEpoch) = (configuration.Training, SamplesPerEpoch(configuration, method, samples));
        if (training.Compute > 0)
            return (int)Math.Ceiling(training.Compute * samples / perEpoch * (method == Methods.KdCurriculum ? EpochsPerBudget(configuration.Curriculum) : 1));
        return training.Updates == 0 ? training.Epochs : (int)Math.Ceiling((double)training.Updates * Math.Min(training.BatchSize, perEpoch) / perEpoch);
    }

    // A stage that takes a share of the budget has that share over its cost of epochs. Of decisions to come, assumes that they use all sizes for the same time.
    private static double EpochsPerBudget(CurriculumOptions curriculum) =>
        curriculum.DecidesSize
            ? 1 / SizeList.Parse(curriculum.Sizes).Average(size => size * size)
            : ResolutionSchedule.Of(curriculum).Stages.Sum(stage => stage.Share / (stage.Scale * stage.Scale));

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

/// <summary>How far a run has come.</summary>
/// <param name="Epoch">Finished epochs.</param>
/// <param name="Updates">Updates done.</param>
/// <param name="Compute">Compute spent, in epochs at the full size of the views.</param>
internal readonly record struct RunPosition(int Epoch, long Updates, double Compute);
