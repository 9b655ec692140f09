using Kd.Core.Randomness;
using Kd.CurriculumAgent.Decisions;
using MathNet.Numerics.LinearAlgebra;

namespace Kd.CurriculumAgent.Simulation;

/// <summary>Simulates a training run: predicts the changes of accuracy, loss and difficulty in an epoch from the run's state and the epoch's targets.</summary>
/// <remarks>
/// Each of the three changes has a ridge regression over standardized features of progress, last accuracy, loss and difficulty, temperature and threshold,
/// and products of them; noise is drawn from the residuals of the fit. The features are part of the trainer's reports, so any recorded run can be used.
/// </remarks>
internal sealed class TrainingSimulator
{
    private const double Ridge = 1e-2;
    private readonly Matrix<double> _coefficients;
    private readonly Vector<double> _mean,
        _scale;
    private readonly List<double[]> _residuals = [];
    private readonly EpochResult _initial;

    /// <summary>Fits the simulator.</summary>
    /// <param name="runs">Recorded runs, with at least one epoch each.</param>
    /// <exception cref="ArgumentException">There are fewer than 20 epochs.</exception>
    public TrainingSimulator(IReadOnlyList<RecordedRun> runs)
    {
        FittedEpochs = runs.Sum(run => run.Epochs.Count);
        if (FittedEpochs < 20)
            throw new ArgumentException($"The runs have {FittedEpochs} epochs together, at least 20 are needed to fit a simulator.");
        // No epoch precedes the first one: assumes no accuracy, and the mean loss of first epochs.
        var first = runs.Select(run => run.Epochs[0].Result).ToList();
        _initial = new EpochResult(0, first.Average(result => result.Loss), 0.5);
        var steps = runs.SelectMany(Steps).ToList();
        var raw = Matrix<double>.Build.DenseOfRows(steps.Select(step => Features(step.Before, step.Epoch, step.Progress)));
        _mean = raw.ColumnSums() / raw.RowCount;
        _scale = Vector<double>.Build.DenseOfEnumerable(
            raw.EnumerateColumns().Select((column, i) => Math.Max((column - _mean[i]).L2Norm() / Math.Sqrt(raw.RowCount), 1e-9))
        );
        var features = Matrix<double>.Build.DenseOfRows(steps.Select(step => Standardize(Features(step.Before, step.Epoch, step.Progress))));
        var changes = Matrix<double>.Build.DenseOfRows(steps.Select(step => Change(step.Before, step.Epoch.Result)));
        var penalty = Matrix<double>.Build.DenseIdentity(features.ColumnCount) * (Ridge * features.RowCount);
        penalty[0, 0] = 0;
        _coefficients = (features.TransposeThisAndMultiply(features) + penalty).Cholesky().Solve(features.TransposeThisAndMultiply(changes));
        _residuals.AddRange((changes - features * _coefficients).EnumerateRows().Select(row => row.ToArray()));
    }

    /// <summary>Number of epochs of the fit.</summary>
    public int FittedEpochs { get; }

    /// <summary>State of a run before its first epoch.</summary>
    public EpochResult Initial => _initial;

    /// <summary>Simulates an epoch.</summary>
    /// <param name="before">Result of the epoch before.</param>
    /// <param name="temperature">Softmax temperature of the epoch.</param>
    /// <param name="threshold">Difficulty threshold of the epoch.</param>
    /// <param name="progress">Completed share of the run before the epoch, 0 to 1.</param>
    /// <param name="random">Draws the noise.</param>
    /// <param name="withNoise">Whether to add noise.</param>
    public EpochResult Step(EpochResult before, double temperature, double threshold, double progress, ref CounterRandom random, bool withNoise)
    {
        var change = _coefficients.TransposeThisAndMultiply(
            Vector<double>.Build.Dense(Standardize(Features(before, new RecordedEpoch(temperature, threshold, default), progress)))
        );
        if (withNoise)
            change += Vector<double>.Build.Dense(_residuals[random.NextInt32(_residuals.Count)]);
        return new EpochResult(
            Math.Clamp(before.Accuracy + change[0], 0, 100),
            before.Loss * Math.Exp(Math.Clamp(change[1], -3, 3)),
            Math.Clamp(before.Difficulty + change[2], 0, 1)
        );
    }

    /// <summary>Returns the recorded epochs of a run, each with the result before it and the progress.</summary>
    public IEnumerable<(EpochResult Before, RecordedEpoch Epoch, double Progress)> Steps(RecordedRun run)
    {
        var (before, progress) = (_initial, 0.0);
        foreach (var (index, epoch) in run.Epochs.Index())
        {
            yield return (before, epoch, progress);
            before = epoch.Result;
            progress = epoch.Result.Progress ?? (index + 1.0) / run.Epochs.Count;
        }
    }

    // Losses shrink by factors, so the model predicts the change of their logarithm.
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

    // The constant feature is not standardized.
    private double[] Standardize(double[] features) => [.. features.Select((value, i) => i == 0 ? 1 : (value - _mean[i]) / _scale[i])];
}
