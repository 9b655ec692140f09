using Kd.Core.Randomness;

namespace Kd.CurriculumAgent.Simulation;

/// <summary>Prediction errors of a simulator on held-out runs.</summary>
/// <param name="StepError">Root mean squared error of the accuracy one epoch ahead, percentage points.</param>
/// <param name="FinalError">The same error at the end of a run that is simulated from its start under the recorded decisions.</param>
/// <param name="MeanStepError">Error one epoch ahead of a baseline that predicts the mean accuracy of the fitted runs at that progress.</param>
/// <param name="MeanFinalError">Error of the same baseline at the end of a run.</param>
internal sealed record SimulatorCheck(double StepError, double FinalError, double MeanStepError, double MeanFinalError)
{
    /// <summary>Measures the errors of a simulator on held-out runs.</summary>
    /// <param name="simulator">The simulator.</param>
    /// <param name="fitted">Runs that the simulator was fitted to.</param>
    /// <param name="heldOut">Other runs, at least one.</param>
    public static SimulatorCheck Measure(TrainingSimulator simulator, IReadOnlyList<RecordedRun> fitted, IReadOnlyList<RecordedRun> heldOut)
    {
        var random = new CounterRandom(0, 0);
        var (step, mean) = (new List<double>(), new List<double>());
        var (final, meanFinal) = (new List<double>(), new List<double>());
        foreach (var run in heldOut)
        {
            var simulated = simulator.Initial;
            foreach (var (index, (before, epoch, progress)) in simulator.Steps(run).Index())
            {
                step.Add(simulator.Step(before, epoch.Temperature, epoch.Threshold, progress, ref random, withNoise: false).Accuracy - epoch.Result.Accuracy);
                simulated = simulator.Step(simulated, epoch.Temperature, epoch.Threshold, progress, ref random, withNoise: false);
                mean.Add(MeanAt(fitted, (index + 1.0) / run.Epochs.Count) - epoch.Result.Accuracy);
            }

            final.Add(simulated.Accuracy - run.Epochs[^1].Result.Accuracy);
            meanFinal.Add(MeanAt(fitted, 1) - run.Epochs[^1].Result.Accuracy);
        }

        return new SimulatorCheck(RootMeanSquare(step), RootMeanSquare(final), RootMeanSquare(mean), RootMeanSquare(meanFinal));
    }

    private static double MeanAt(IReadOnlyList<RecordedRun> runs, double share) =>
        runs.Average(run => run.Epochs[Math.Clamp((int)Math.Round(share * run.Epochs.Count) - 1, 0, run.Epochs.Count - 1)].Result.Accuracy);

    private static double RootMeanSquare(IReadOnlyList<double> values) => Math.Sqrt(values.Average(value => value * value));
}
