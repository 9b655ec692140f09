using Kd.Settings;
using Kd.Training.Configuration;

namespace Kd.Training.Runs;

/// <summary>
/// Determines when a run ends: after Training:Updates; else, with smaller inputs, when it has spent the compute of Training:Epochs at full size; else after
/// those epochs.
/// </summary>
internal sealed class RunLength
{
    private readonly TrainingOptions _training;
    private readonly int _samples,
        _perEpoch;
    private readonly bool _hasBudget;

    /// <param name="configuration">The settings.</param>
    /// <param name="method">Method of the run.</param>
    /// <param name="samples">Number of training samples.</param>
    public RunLength(RunConfiguration configuration, string method, int samples)
    {
        var curriculum = configuration.Curriculum;
        (_training, _samples, _perEpoch) = (configuration.Training, samples, SamplesPerEpoch(configuration, method, samples));
        _hasBudget = method == Methods.KdCurriculum && curriculum.HasSizes && _training.Updates == 0;
        var sizes = SizesOf(curriculum);
        Epochs =
            _hasBudget ? EpochsFor(sizes.Sum(size => size.Share / (size.Scale * size.Scale)))
            : _training.Updates == 0 ? _training.Epochs
            : (int)Math.Ceiling((double)_training.Updates * BatchSize / _perEpoch);
        ExpectedUpdates = _training.Updates == 0 ? UpdatesOf(Epochs) : _training.Updates;
        var epochs = _hasBudget ? EpochsFor(sizes.Max(size => 1 / (size.Scale * size.Scale))) + 1 : Epochs;
        MostReports = curriculum.DecidesSize ? Math.Max(UpdatesOf(epochs), ExpectedUpdates) / curriculum.Every + 1 : epochs;
    }

    /// <summary>Number of epochs of the run; an upper limit if it prunes samples, an estimate if the agent decides about sizes.</summary>
    public int Epochs { get; }

    /// <summary>Number of updates of the run; an estimate if the number of samples varies from epoch to epoch.</summary>
    public int ExpectedUpdates { get; }

    /// <summary>Largest number of reports to the agent.</summary>
    public int MostReports { get; }

    // Samples that do not fill a batch are carried into the next epoch.
    private int BatchSize => Math.Min(_training.BatchSize, _perEpoch);

    /// <summary>Whether the run has ended.</summary>
    public bool HasEnded(RunPosition position) =>
        _training.Updates > 0 ? position.Updates >= _training.Updates
        : _hasBudget ? position.Compute >= _training.Epochs
        : position.Epoch >= _training.Epochs;

    /// <summary>Limits the number of batches of an epoch to the remaining updates.</summary>
    /// <param name="batches">Batches of the whole epoch.</param>
    /// <param name="updatesBefore">Updates before the epoch.</param>
    public int LimitBatches(int batches, long updatesBefore) => _training.Updates == 0 ? batches : (int)Math.Min(batches, _training.Updates - updatesBefore);

    /// <summary>Gets the share of the run that is done, 0 to 1: the position in the schedules.</summary>
    /// <param name="position">The position.</param>
    /// <param name="share">Share of the current epoch that is done.</param>
    public double ProgressAt(RunPosition position, double share) =>
        _training.Updates > 0 ? (double)position.Updates / _training.Updates
        : _hasBudget ? Math.Min(1, position.Compute / _training.Epochs)
        : (position.Epoch + share) / _training.Epochs;

    /// <summary>Gets the share of the run that is done after an epoch; null if the run is measured in epochs.</summary>
    public double? ProgressAt(RunPosition position) => _training.Updates > 0 || _hasBudget ? ProgressAt(position, 0) : null;

    /// <summary>Cost of a step, in epochs at the full size of the views.</summary>
    /// <param name="batch">Samples of the step.</param>
    /// <param name="scale">Size of the student's input as a share of the view's.</param>
    /// <param name="viewSize">Size of the views, px.</param>
    public double CostOf(int batch, double scale, int viewSize)
    {
        var side = (double)ResolutionSchedule.ToSize(scale, viewSize) / viewSize;
        return side * side * batch / _samples;
    }

    private int UpdatesOf(int epochs) => (int)((long)epochs * _perEpoch / BatchSize);

    // perCompute: epochs that the compute of one at full size allows.
    private int EpochsFor(double perCompute) => (int)Math.Ceiling(_training.Epochs * perCompute * _samples / _perEpoch);

    // The sizes with their shares of the compute; of decisions to come, assumes equal ones.
    private static List<(double Scale, double Share)> SizesOf(CurriculumOptions curriculum)
    {
        if (!curriculum.DecidesSize)
            return [.. ResolutionSchedule.Of(curriculum).Stages];
        var sizes = SizeList.Parse(curriculum.Sizes);
        return [.. sizes.Select(size => (size, 1.0 / sizes.Count))];
    }

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
