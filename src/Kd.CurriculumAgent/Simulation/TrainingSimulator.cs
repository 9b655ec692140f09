using Kd.Core.Randomness;
using Kd.CurriculumAgent.Environment;
using MathNet.Numerics.LinearAlgebra;

namespace Kd.CurriculumAgent.Simulation;

/// <summary>A training run on paper: what an epoch changes in accuracy, loss and difficulty, as a function of where the run is and of what is in force.</summary>
/// <remarks>
/// A ridge regression for each of the three changes, over standardised features of progress, last accuracy, loss and difficulty, temperature and threshold with their products; its
/// chance is drawn from the residuals of the runs that it was fitted to. It knows nothing that the reports do not tell, so it can be fitted to any recorded run.
/// </remarks>
internal sealed class TrainingSimulator
{
    private const double Ridge = 1e-2;
    private readonly Matrix<double> _coefficients;
    private readonly Vector<double> _centre,
        _scale;
    private readonly List<double[]> _residuals = [];
    private readonly EpochResult _before;

    /// <summary>Fits it.</summary>
    /// <param name="runs">Recorded runs, with at least one epoch each.</param>
    /// <exception cref="ArgumentException">There are fewer than 20 epochs.</exception>
    public TrainingSimulator(IReadOnlyList<RecordedRun> runs)
    {
        FittedEpochs = runs.Sum(run => run.Epochs.Count);
        if (FittedEpochs < 20)
            throw new ArgumentException($"The runs have {FittedEpochs} epochs together, at least 20 are needed to fit a simulator.");
        // Before its first epoch a run is where chance puts it: no accuracy, and about the first epoch's loss.
        var first = runs.Select(run => run.Epochs[0].Result).ToList();
        _before = new EpochResult(0, first.Average(result => result.Loss), 0.5);
        var steps = runs.SelectMany(Steps).ToList();
        var raw = Matrix<double>.Build.DenseOfRows(steps.Select(step => Features(step.Before, step.Epoch, step.Progress)));
        _centre = raw.ColumnSums() / raw.RowCount;
        _scale = Vector<double>.Build.DenseOfEnumerable(
            raw.EnumerateColumns().Select((column, i) => Math.Max((column - _centre[i]).L2Norm() / Math.Sqrt(raw.RowCount), 1e-9))
        );
        var features = Matrix<double>.Build.DenseOfRows(steps.Select(step => Standardize(Features(step.Before, step.Epoch, step.Progress))));
        var changes = Matrix<double>.Build.DenseOfRows(steps.Select(step => Change(step.Before, step.Epoch.Result)));
        var penalty = Matrix<double>.Build.DenseIdentity(features.ColumnCount) * (Ridge * features.RowCount);
        penalty[0, 0] = 0;
        _coefficients = (features.TransposeThisAndMultiply(features) + penalty).Cholesky().Solve(features.TransposeThisAndMultiply(changes));
        _residuals.AddRange((changes - features * _coefficients).EnumerateRows().Select(row => row.ToArray()));
    }

    /// <summary>Epochs that it was fitted to.</summary>
    public int FittedEpochs { get; }

    /// <summary>Where a run is before its first epoch.</summary>
    public EpochResult Before => _before;

    /// <summary>The next epoch's result.</summary>
    /// <param name="before">The last epoch's result.</param>
    /// <param name="temperature">In force.</param>
    /// <param name="threshold">In force.</param>
    /// <param name="progress">Share of the run that is done before the epoch, 0 to 1.</param>
    /// <param name="random">Draws the chance; without it there is none.</param>
    public EpochResult Step(EpochResult before, double temperature, double threshold, double progress, ref CounterRandom random, bool withChance)
    {
        var change = _coefficients.TransposeThisAndMultiply(
            Vector<double>.Build.Dense(Standardize(Features(before, new RecordedEpoch(temperature, threshold, default), progress)))
        );
        if (withChance)
            change += Vector<double>.Build.Dense(_residuals[random.NextInt32(_residuals.Count)]);
        return new EpochResult(
            Math.Clamp(before.Accuracy + change[0], 0, 100),
            before.Loss * Math.Exp(Math.Clamp(change[1], -3, 3)),
            Math.Clamp(before.Difficulty + change[2], 0, 1)
        );
    }

    /// <summary>The recorded epochs of a run with the result before each and the progress.</summary>
    public IEnumerable<(EpochResult Before, RecordedEpoch Epoch, double Progress)> Steps(RecordedRun run)
    {
        var (before, progress) = (_before, 0.0);
        foreach (var (index, epoch) in run.Epochs.Index())
        {
            yield return (before, epoch, progress);
            before = epoch.Result;
            progress = epoch.Result.Progress ?? (index + 1.0) / run.Epochs.Count;
        }
    }

    // Losses shrink by factors, so their change is one of the logarithm.
    private static double[] Change(EpochResult before, EpochResult after) =>
        [after.Accuracy - before.Accuracy, Math.Log(Math.Max(after.Loss, 1e-6) / Math.Max(before.Loss, 1e-6)), after.Difficulty - before.Difficulty];

    private static double[] Features(EpochResult before, RecordedEpoch epoch, double progress)
    {
        var (accuracy, loss, temperature, threshold) = (
            before.Accuracy / 100,
            Math.Log(Math.Max(before.Loss, 1e-6)),
            (epoch.Temperature - 5) / 3,
            epoch.Threshold
        );
        return
        [
            1,
            progress,
            progress * progress,
            accuracy,
            accuracy * accuracy,
            accuracy * progress,
            loss,
            before.Difficulty,
            before.Accuracy > 0 ? 1 : 0,
            temperature,
            temperature * temperature,
            threshold,
            threshold * threshold,
            threshold * progress,
            threshold * accuracy,
            temperature * accuracy,
            temperature * loss,
        ];
    }

    // The constant stays one.
    private double[] Standardize(double[] features) => [.. features.Select((value, i) => i == 0 ? 1 : (value - _centre[i]) / _scale[i])];
}
